"""CIE L*a*b*, in which equal distances look about equal."""

from __future__ import annotations

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Rgb


def to_lab(rgb: Rgb) -> Floats:
    """CIE L*a*b* (D65): L 0-100, a and b about -128 to 127."""
    return np.asarray(
        cv2.cvtColor(rgb.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB), np.float32
    )


def from_lab(lab: Floats) -> Rgb:
    """The inverse of `to_lab`; colours outside sRGB are clipped."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
