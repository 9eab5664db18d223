"""The legs of chairs and tables that stand in a floor, as far as a mask took them for floor.

A network that sees a room at 544 pixels loses the last of a thin leg, and the floor's new material
would cover it. A leg is thinner than its surroundings are wide, much darker or lighter than the
floor on both sides, comes down from what is not floor, and ends in the floor. Seams of boards and
tiles are finer, shadows are broader, and neither goes on beyond the floor in the same colour.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.view import shrunk

# Shares of the picture's longest side and of its area: a leg is narrower and smaller.
_NARROW: Final = 1 / 45
_MOST: Final = 0.004
# Contrast with the floor beside it, by the lightness of the lighter one, all in 8-bit steps.
_LEAST_CONTRAST: Final = np.maximum(46, np.arange(256) * 0.3 + 1).astype(np.uint8)
# Pixels of the reduced picture: height and area at least, mean width at least; and how many times
# as high as wide.
_LEAST_HEIGHT: Final = 7
_LEAST_AREA: Final = 14
_LEAST_WIDTH: Final = 2.0
_SLENDER: Final = 1.3
# So near is what it goes on as above, in pixels, and in lightness; and so far goes the floor below.
_NEAR: Final = 3
_SAME: Final = 30
_BELOW: Final = 3
_FLOOR_BELOW: Final = 0.9


def legs_in(floor: Mask, small: Rgb) -> Mask | None:
    """Where legs stand in a floor (HxW), None for none; `small` is the picture of the mask, reduced
    (hxwx3)."""
    inside = (shrunk(floor, max(small.shape[:2])) > 127).astype(np.uint8)
    if not inside.any():
        return None
    first = max(0, int(np.flatnonzero(inside.any(axis=1))[0]) - 2 * _NEAR)
    light = np.ascontiguousarray(cv2.cvtColor(small[first:], cv2.COLOR_RGB2LAB)[..., 0])
    found = np.zeros_like(inside)
    most = _MOST * inside.size
    side = max(5, round(max(inside.shape) * _NARROW)) | 1
    for seen in (light, cv2.bitwise_not(light)):
        _mark(found[first:], np.asarray(seen, np.uint8), inside[first:], side, most)
    if not found.any():
        return None
    grown = cv2.dilate(found * np.uint8(255), np.ones((3, 3), np.uint8))
    size = (floor.shape[1], floor.shape[0])
    return np.asarray(cv2.resize(grown, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _mark(found: Mask, light: Mask, inside: Mask, side: int, most: float) -> None:
    """Mark what is a leg, narrower than `side`, not larger than `most` and darker than the floor,
    in place."""
    beside = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((1, side), np.uint8))
    least = cv2.LUT(beside, _LEAST_CONTRAST)
    thin = cv2.compare(cv2.subtract(beside, light), least, cv2.CMP_GE)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_and(thin, thin, mask=inside))
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    likely = (height >= _LEAST_HEIGHT) & (area >= _LEAST_AREA) & (area <= most)
    likely &= (height >= _SLENDER * width) & (area >= _LEAST_WIDTH * height)
    likely[0] = False
    for index in np.flatnonzero(likely).tolist():
        left, top, across, down, _ = stats[index].tolist()
        columns = slice(max(0, left - 4), left + across + 4)
        rows = slice(max(0, top - 4), top + down + 4)
        leg = np.asarray(labels[rows, columns] == index, np.bool_)
        goes_on = _goes_on_above(leg, light[rows, columns], inside[rows, columns])
        below = inside[top + down + 1 : top + down + 1 + _BELOW, columns]
        if goes_on and _ends_in_floor(leg[top - rows.start :][:down], below):
            found[rows, columns][leg] = 1


def _goes_on_above(leg: BoolMask, light: Mask, inside: Mask) -> bool:
    """Whether a leg (a cut-out of the picture) comes from something of its lightness above it."""
    first = int(np.flatnonzero(leg.any(axis=1))[0])
    upper = leg[: first + _NEAR]
    reach = np.ones((2 * _NEAR + 1, 2 * _NEAR - 1), np.uint8)
    about = cv2.dilate(upper.astype(np.uint8), reach) > 0
    beyond = about & (inside[: len(upper)] == 0)
    own = float(np.median(light[leg]))
    return int((np.abs(light[: len(upper)][beyond] - np.float32(own)) < _SAME).sum()) >= 2


def _ends_in_floor(leg: BoolMask, below: Mask) -> bool:
    """Whether there is floor below the last rows of a leg, and not the edge of the picture."""
    foot = leg[-2:].any(axis=0)
    return len(below) == _BELOW and float(below[:, foot].mean()) >= _FLOOR_BELOW
