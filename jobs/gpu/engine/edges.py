"""From a rough mask to one whose edge follows the picture."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.channels import summed

# Square of the contrast (in 8-bit steps) above which an edge of the picture stops the mask.
_EDGE_CONTRAST: Final = 150.0
# What the filter leaves below and above: a veil on both sides of an edge.
_VEIL: Final = 0.12
_LARGE: Final = 1_000_000
# The window of the colour guide, as a share of the longest side; the contrast (8-bit steps) that
# stops a mask; and what counts as outside.
_COLOUR_RADIUS: Final = 1 / 105
_COLOUR_CONTRAST: Final = 3.0
_COLOUR_LOW: Final = 0.4


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


class ColourFollower:
    """Draws rough masks to the edges of one picture (HxWx3) by colour, and rounds them off where
    the picture has none.

    Guided filter with a colour guide: He, Sun and Tang, 2010, eq. 19; the answer is taken at its
    middle, so that what is smooth stays a border and becomes no veil.
    """

    def __init__(self, rgb: Rgb) -> None:
        self._guide = rgb.astype(np.float32)
        radius = max(1, round(max(rgb.shape) * _COLOUR_RADIUS))
        self._window = (2 * radius + 1, 2 * radius + 1)
        self._mean = cv2.blur(self._guide, self._window)
        red, green, blue = _channels(self._guide)
        means = _channels(self._mean)

        def covariance(one: Floats, other: Floats, i: int, j: int) -> Floats:
            return np.asarray(cv2.blur(one * other, self._window) - means[i] * means[j], np.float32)

        calm = np.float32(_COLOUR_CONTRAST**2)
        rr = covariance(red, red, 0, 0) + calm
        rg = covariance(red, green, 0, 1)
        rb = covariance(red, blue, 0, 2)
        gg = covariance(green, green, 1, 1) + calm
        gb = covariance(green, blue, 1, 2)
        bb = covariance(blue, blue, 2, 2) + calm
        # The inverse of the symmetric matrix, by its cofactors.
        a, b, c = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
        d, e, f = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
        scale = 1 / (rr * a + rg * b + rb * c)
        self._inverse = [[x * scale for x in row] for row in ((a, b, c), (b, d, e), (c, e, f))]

    def draw(self, mask: Mask) -> Mask:
        """The mask (HxW) with its edge where the colour changes, nearly 0 or 255 throughout."""
        wanted = mask.astype(np.float32)
        mean = cv2.blur(wanted, self._window)
        shared = cv2.blur(cv2.multiply(self._guide, cv2.merge([wanted] * 3)), self._window)
        r, g, b = _channels(np.asarray(shared - self._mean * mean[..., np.newaxis], np.float32))
        slope = cv2.merge([x * r + y * g + z * b for x, y, z in self._inverse])
        offset = mean - summed(cv2.multiply(slope, self._mean))
        slope = cv2.blur(slope, self._window)
        drawn = summed(cv2.multiply(slope, self._guide)) + cv2.blur(offset, self._window)
        steep = (drawn / 255 - _COLOUR_LOW) / (1 - 2 * _COLOUR_LOW)
        return np.asarray(np.rint(np.clip(steep, 0, 1) * 255), np.uint8)


def _channels(picture: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    one, two, three = (np.asarray(channel, np.float32) for channel in cv2.split(picture))
    return one, two, three
