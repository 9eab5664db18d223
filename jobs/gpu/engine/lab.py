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
