"""Small things in another colour on a paint: a red button, a stripe, a ring of light, a sewn tag.

They are too few pixels for a hill of their own, so that the histogram gives them to the paint about
them. Light makes a colour more or less of what it is, and gloss takes it away, but neither makes
another hue of it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats
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


def without_details(features: Floats, labels: Labels) -> Labels:
    """Paints (hxw numbers, -1 for none) of a picture (hxwx3 colours as `paints` tells them), with
    small things of another colour under a number of their own."""
    total = int((labels >= 0).sum())
    result = labels.copy()
    fresh = int(labels.max()) + 1
    for number in np.unique(labels[labels >= 0]).tolist():
        paint = np.asarray(labels == number, np.bool_)
        off, neutral = _off(features, paint)
        least, surely_off = _OFF if neutral else _OFF_A_COLOUR
        details = (paint & (off > least)).astype(np.uint8)
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(details)
        surely = np.bincount(pieces[paint & (off > surely_off)], minlength=count)
        sizes = stats[:, cv2.CC_STAT_AREA]
        taken = (surely >= _LEAST_PIXELS) & (sizes < _LARGEST * total)
        taken[0] = False
        if not taken.any():
            continue
        grown = cv2.dilate(pieces.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.intp)
        around = (grown > 0) & (pieces == 0)
        outline = np.maximum(np.bincount(grown[around], minlength=count), 1)
        own = around & (paint | (labels < 0))
        taken &= np.bincount(grown[own], minlength=count) > _ENCLOSED * outline
        mean = np.bincount(pieces.ravel(), off.ravel(), minlength=count) / np.maximum(sizes, 1)
        steep = cv2.dilate(off, _NEAR) - cv2.erode(off, _NEAR) > _STEEP * mean[grown]
        taken &= np.bincount(grown[around & steep], minlength=count) > _MOSTLY * outline
        if int(sizes[taken].sum()) < _MOST * int(paint.sum()):
            result[taken[pieces]] = fresh
    return result


def _off(features: Floats, paint: BoolMask) -> tuple[Floats, bool]:
    """How far each colour (hxwx3) is in hue from what light may make of a paint (hxw), hxw; and
    whether that is neutral."""
    _, a, b = (np.float32(value) for value in cv2.mean(features, paint.astype(np.uint8))[:3])
    square = max(float(a * a + b * b), 1.0)
    first, second = features[..., 1], features[..., 2]
    part = np.clip((first * a + second * b) / np.float32(square), 0, _MOST_LIT)
    off = cv2.magnitude(first - part * a, second - part * b)
    return np.asarray(off, np.float32), square < _NEUTRAL**2
