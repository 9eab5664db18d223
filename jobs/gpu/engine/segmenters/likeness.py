"""How much a colour is that of what surely lies behind a thing, and how much that of the thing.

A count of all colours on both sides, so it also holds before a backdrop of many colours.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb
from jobs.gpu.engine.lab import to_lab

# Steps of L*, and of a* and b*, that count as one colour; how many of them there are.
_STEPS: Final = (4.0, 5.0)
_BINS: Final = (26, 40, 40)
# The share of a side that one of its colours has at least: rarer ones are chance.
_RARE: Final = 2e-5
# Sides smaller than so many pixels have no say.
_LEAST: Final = 200


def like_backdrop(rgb: Rgb, thing: BoolMask, backdrop: BoolMask) -> Floats | None:
    """HxW, 0 (of the thing's colours) to 1 (of the backdrop's), 0.5 where neither is seen, given
    pixels (HxW) that surely are the one and the other; None when there are too few."""
    if thing.sum() < _LEAST or backdrop.sum() < _LEAST:
        return None
    lab = to_lab(np.asarray(cv2.GaussianBlur(rgb, (3, 3), 0), np.uint8))
    light = np.clip(lab[..., 0] / _STEPS[0], 0, _BINS[0] - 1).astype(np.intp)
    a, b = (
        np.clip((lab[..., axis] + 100) / _STEPS[1], 0, _BINS[axis] - 1).astype(np.intp)
        for axis in (1, 2)
    )
    colour = (light * _BINS[1] + a) * _BINS[2] + b
    behind, own = (_shares(colour[side])[colour] + _RARE for side in (backdrop, thing))
    return np.asarray(behind / (behind + own), np.float32)


def _shares(colours: NDArray[np.intp]) -> Floats:
    """The share that each colour has among these, those beside it counting as well."""
    counts = np.bincount(colours, minlength=int(np.prod(_BINS))).reshape(_BINS).astype(np.float32)
    for axis in range(3):
        wide = np.pad(counts, [(1, 1) if each == axis else (0, 0) for each in range(3)])
        before, after = (
            np.take(wide, np.arange(_BINS[axis]) + shift, axis=axis) for shift in (0, 2)
        )
        counts = 0.5 * counts + 0.25 * (before + after)
    return np.asarray(counts.ravel() / max(float(counts.sum()), 1.0), np.float32)
