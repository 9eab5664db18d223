"""From a rough mask to one whose edge follows the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Mask, Rgb

# Square of the contrast (in 8-bit steps) above which an edge of the picture stops the mask.
_EDGE_CONTRAST: Final = 150.0
# What the filter leaves below and above: a veil on both sides of an edge.
_VEIL: Final = 0.12
_LARGE: Final = 1_000_000


class EdgeFollower:
    """Draws masks to the edges of one picture (HxWx3) and softens them there.

    Guided filter: He, Sun and Tang, 2010; on larger pictures its coefficients are computed at
    half size (He and Sun, "Fast guided filter", 2015). What depends on the picture alone is
    computed once for all masks.
    """

    def __init__(self, rgb: Rgb) -> None:
        height, width = rgb.shape[:2]
        self._size = (width, height)
        gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        self._guide = gray.astype(np.float32)
        halved = rgb.shape[0] * rgb.shape[1] > _LARGE
        self._small = (width // 2, height // 2) if halved else self._size
        radius = max(2, max(height, width) // 400)
        side = 2 * (max(1, radius // 2) if halved else radius) + 1
        self._window = (side, side)
        self._guide_small = self._guide
        if halved:
            shrunk = cv2.resize(gray, self._small, interpolation=cv2.INTER_AREA)
            self._guide_small = shrunk.astype(np.float32)
        self._mean = cv2.blur(self._guide_small, self._window)
        spread = cv2.sqrBoxFilter(self._guide_small, cv2.CV_32F, self._window) - self._mean**2
        self._stiffness = spread + np.float32(_EDGE_CONTRAST)

    def draw(self, mask: Mask) -> Mask:
        """The mask (HxW) with its edge where the picture has one; 0 and 255 stay exact inside."""
        if self._small != self._size:
            mask = np.asarray(cv2.resize(mask, self._small, interpolation=cv2.INTER_AREA), np.uint8)
        wanted = mask.astype(np.float32)
        mean = cv2.blur(wanted, self._window)
        product = cv2.blur(cv2.multiply(wanted, self._guide_small), self._window)
        slope = (product - self._mean * mean) / self._stiffness
        offset = mean - slope * self._mean
        # The filter leaves a faint veil on both sides of an edge. Cutting it off keeps a
        # recoloured wall from tinting what stands before it, and keeps 0 and 255 exact.
        gain = np.float32(1 / (1 - 2 * _VEIL))
        slope = cv2.blur(slope, self._window) * gain
        offset = (cv2.blur(offset, self._window) - np.float32(255 * _VEIL)) * gain
        if self._small != self._size:
            slope = cv2.resize(slope, self._size, interpolation=cv2.INTER_LINEAR)
            offset = cv2.resize(offset, self._size, interpolation=cv2.INTER_LINEAR)
        # One pass that rounds and saturates to 0-255.
        product = cv2.multiply(slope, self._guide, dst=slope)
        return np.asarray(cv2.add(product, offset, dtype=cv2.CV_8U), np.uint8)
