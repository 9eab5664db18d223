"""How likely a mask of a room is a bad one, told without an outline to hold it against.

A logistic model of three signals that cost no look more. It was fitted to 2046 masks of Wall,
Floor, Ceiling, Window and Cabinet whose outlines are known (bench/rooms): 173 of the photos held
out, which count half as much together as the 1873 of those the networks learnt from. "Bad" is an
overlap with the outline below 0.5. docs/judge.md has what it refuses.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask

# Log odds of a bad mask: at an agreement of a half in a calm picture, by the log odds of the
# agreement, by the picture's unrest, and by the raggedness of the border.
_BASE: Final = -3.0
_AGREEMENT: Final = -2.6
_UNREST: Final = 7.0
_RAGGED: Final = 0.1
_LEAST: Final = 0.002


def unrest(likely: Floats) -> float:
    """How undecided the networks are about a whole picture, 0-1: the mean entropy of their answer
    (C x h x w, adding up to 1), as a share of that of a guess."""
    entropy = -(likely * np.log(np.maximum(likely, np.float32(1e-6)))).sum(axis=0, dtype=np.float32)
    return float(entropy.mean(dtype=np.float64)) / math.log(len(likely))


def risk_of(mask: Mask, likely: Floats, restless: float) -> float:
    """The chance, 0-1, that a mask (HxW, 0 or 255, not empty) shares less than half with what it
    is of. likely: h x w, 0-1, how likely the networks find that in each cell of the picture.
    restless: the picture's `unrest`.
    """
    odds = _BASE + _AGREEMENT * _log_odds(_agreement(mask, likely))
    odds += _UNREST * restless + _RAGGED * _raggedness(mask)
    return 1 / (1 + math.exp(-odds))


def _agreement(mask: Mask, likely: Floats) -> float:
    """Overlap of the mask, which is what the colours made of the networks' answer, with that."""
    size = (likely.shape[1], likely.shape[0])
    inside = cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 127
    shared = float(likely[inside].sum(dtype=np.float64))
    either = float(np.count_nonzero(inside)) + float(likely[~inside].sum(dtype=np.float64))
    return shared / either if either else 0.0


def _raggedness(mask: Mask) -> float:
    """Length of the border, but for the picture's edge, over the root of the area; least of a disc,
    about 3."""
    core = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    area = cv2.countNonZero(mask)
    return (area - cv2.countNonZero(core)) / math.sqrt(area)


def _log_odds(share: float) -> float:
    share = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(share / (1 - share))
