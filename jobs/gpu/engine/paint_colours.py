"""Colours as paints are told by them: in steps that count alike, hardly changed by shading."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Rgb

# A colour's part in telling pixels apart, relative to lightness; lightness counts for less where
# there is colour, since there it only tells of light.
_HUE_COUNTS: Final = 1.3
NEUTRAL, COLOURED = 8.0, 24.0
_LIGHT_COUNTS: Final = (0.9, 0.25)


def features_of(rgb: Rgb) -> Floats:
    """The lightness and colour of a picture (HxWx3) in such steps, HxWx3."""
    smooth = cv2.bilateralFilter(rgb, 5, 25, 3)
    lab = cv2.cvtColor(smooth.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB)
    lightness, a, b = cv2.split(lab)
    # L* + 16 grows with the light as a* and b* do (CIE 15:2004, eq. 8.3 ff.).
    relative = np.float32(60) / (lightness + np.float32(18))
    a, b = a * relative, b * relative
    coloured = np.clip((cv2.magnitude(a, b) - NEUTRAL) / (COLOURED - NEUTRAL), 0, 1)
    most, least = _LIGHT_COUNTS
    counts = most - (most - least) * coloured
    hue = np.float32(_HUE_COUNTS)
    return np.asarray(cv2.merge([lightness * counts, hue * a, hue * b]), np.float32)


def chroma_of(colour: tuple[int, int, int]) -> float:
    """Of one colour (3, 0-255), for its lightness."""
    _, a, b = features_of(np.full((1, 1, 3), colour, np.uint8))[0, 0]
    return float(np.hypot(a, b)) / _HUE_COUNTS
