"""The size at which a segmenter works, and back to that of the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb

_WORKING_SIDE: Final = 1024


def working_copy(rgb: Rgb) -> Rgb:
    """The photo, reduced to at most 1024 pixels on its longest side."""
    height, width = rgb.shape[:2]
    scale = _WORKING_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask (HxW, 0-255) at another size."""
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def resized(values: Floats, size: tuple[int, int]) -> Floats:
    """What a network said of each pixel, at another size (width, height)."""
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)
