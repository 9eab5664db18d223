"""Small things in another colour on a paint: a red button, a stripe, a ring of light, a sewn tag.

They are too few pixels for a hill of their own, so that the histogram gives them to the paint about
them. Light makes a colour more or less of what it is, and gloss takes it away, but neither makes
another hue of it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask
from jobs.gpu.engine.colour_hills import Labels

# In the steps of `paints`: how far a detail is off what light may make of the paint, all over and
# somewhere at least, on a neutral paint and on others, whose lights and shades stray more; and up
# to how many times the paint's colour light may make of it.
_NEUTRAL: Final = 14.0
_OFF: Final = (22.0, 42.0)
_OFF_A_COLOUR: Final = (45.0, 75.0)
_MOST_LIT: Final = 1.5
# Of the thing: the most that one detail covers. And the fewest pixels that are surely off.
_LARGEST: Final = 0.03
_LEAST_PIXELS: Final = 6
# A fringe of another paint is none: of what lies around a detail so much is of its paint, or none.
_ENCLOSED: Final = 0.85
# The glow of a lamp or of what lies beside the thing fades: within few pixels so much of the colour
# must go, along so much of the outline. And what has many in all is patterned.
_NEAR: Final = np.ones((7, 7), np.uint8)
_STEEP: Final = 0.7
_MOSTLY: Final = 0.75
_MOST: Final = 0.06
_ROOM: Final = 8


def without_details(features: Floats, labels: Labels) -> Labels:
    """Paints (hxw numbers, -1 for none) of a picture (hxwx3 colours as `paints` tells them), with
    small things of another colour under a number of their own."""
    total = int((labels >= 0).sum())
    result = labels.copy()
    fresh = int(labels.max()) + 1
    for number in np.unique(labels[labels >= 0]).tolist():
        paint = np.asarray(labels == number, np.bool_)
        _, a, b, _ = cv2.mean(features, paint.astype(np.uint8))
        mean = (float(a), float(b))
        least, surely = _OFF if np.hypot(a, b) < _NEUTRAL else _OFF_A_COLOUR
        off = _off(features[paint], mean)
        if int((off > surely).sum()) < _LEAST_PIXELS:
            continue
        far = np.zeros(paint.shape, np.uint8)
        far[paint] = np.where(off > surely, 2, np.where(off > least, 1, 0))
        window = _around(far)
        near, own = features[window], paint[window] | (labels[window] < 0)
        details = _details(_off(near, mean), far[window], own, _LARGEST * total)
        if int(details.sum()) < _MOST * int(paint.sum()):
            result[window][details] = fresh
    return result


def _around(far: Mask) -> tuple[slice, slice]:
    """The window (of hxw) in which anything is off, with room."""
    left, top, width, height = cv2.boundingRect(far)
    rows = slice(max(0, top - _ROOM), top + height + _ROOM)
    return rows, slice(max(0, left - _ROOM), left + width + _ROOM)


def _details(off: Floats, far: Mask, own: BoolMask, largest: float) -> BoolMask:
    """The pieces of what is off (hxw: 1, or 2 where surely so) that lie within the paint or at the
    rim of the thing (hxw), and end sharply in how far colours are off (hxw)."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((far > 0).astype(np.uint8))
    sizes = stats[:, cv2.CC_STAT_AREA]
    taken = np.bincount(pieces[far > 1], minlength=count) >= _LEAST_PIXELS
    taken &= sizes < largest
    taken[0] = False
    if not taken.any():
        return np.zeros(far.shape, np.bool_)
    grown = cv2.dilate(pieces.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.intp)
    around = (grown > 0) & (pieces == 0)
    outline = np.maximum(np.bincount(grown[around], minlength=count), 1)
    taken &= np.bincount(grown[around & own], minlength=count) > _ENCLOSED * outline
    mean = np.bincount(pieces.ravel(), off.ravel(), minlength=count) / np.maximum(sizes, 1)
    steep = cv2.dilate(off, _NEAR) - cv2.erode(off, _NEAR) > _STEEP * mean[grown]
    taken &= np.bincount(grown[around & steep], minlength=count) > _MOSTLY * outline
    return np.asarray(taken[pieces], np.bool_)


def _off(features: Floats, mean: tuple[float, float]) -> Floats:
    """How far colours (...x3) are in hue from what light may make of a paint (2, its hue), ..."""
    a, b = (np.float32(value) for value in mean)
    first, second = features[..., 1], features[..., 2]
    part = (first * a + second * b) / np.float32(max(float(a * a + b * b), 1.0))
    part = np.clip(part, 0, np.float32(_MOST_LIT))
    return np.asarray(np.hypot(first - part * a, second - part * b), np.float32)
