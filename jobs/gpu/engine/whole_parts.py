"""A part of a thing has one paint: borders of paints lie on the picture's edges.

Colours that fade into each other are parted somewhere on the slope by a histogram, in the middle of
an even surface, and raggedly. So what is known of each pixel is spread as far as the picture is of
one colour, and an even surface goes to the paint that most of it surely is.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats
from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.consensus import spread

_SIDE: Final = 320
# How widely it is spread, and by which step of colour from one pixel to the next, in the steps of
# `paints`, the spreading falls to 1/e.
_AMOUNT: Final = 4000.0
_STEP: Final = 2.5
# Outside the thing colours are this far off.
_ELSEWHERE: Final = 200.0
# The least weight of a pixel whose colour lies midway between two paints.
_MIDWAY: Final = 0.05
# A pixel changes hands when so little speaks for its paint and so much for another, and its colour
# is not so many times as far from that.
_LOST, _WON = 0.3, 0.5
_NOT_FARTHER: Final = 2.0


def whole_parts(features: Floats, labels: Labels) -> Labels:
    """Paints (HxW numbers, -1 for none) of a picture (HxWx3 colours as `paints` tells them), of
    which those of an even surface are one."""
    numbers = [int(number) for number in np.unique(labels[labels >= 0])]
    height, width = labels.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if len(numbers) < 2 or min(size) < 2:
        return labels
    guide = np.asarray(cv2.resize(features, size, interpolation=cv2.INTER_AREA), np.float32)
    known = np.stack([_share(labels, number, size) for number in numbers], axis=2)
    inside = known.sum(axis=2)
    means = np.stack([_mean(features, labels, number) for number in numbers])
    known *= _sure(guide, means)[..., np.newaxis]
    guide[inside < np.float32(0.5)] += np.float32(_ELSEWHERE)
    share = spread(known, guide, _AMOUNT, _STEP)
    share /= np.maximum(share.sum(axis=2, keepdims=True), np.float32(1e-6))
    return _handed_over(features, labels, numbers, means, share)


def _share(labels: Labels, number: int, size: tuple[int, int]) -> Floats:
    where = (labels == number).astype(np.uint8) * np.uint8(255)
    reduced = cv2.resize(where, size, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced * np.float32(1 / 255), np.float32)


def _mean(features: Floats, labels: Labels, number: int) -> Floats:
    return np.asarray(cv2.mean(features, (labels == number).astype(np.uint8))[:3], np.float32)


def _sure(colours: Floats, means: Floats) -> Floats:
    """How sure it is which of several paints (Kx3 means) a colour is of, 0-1, hxw."""
    away = np.stack([np.linalg.norm(colours - mean, axis=2) for mean in means], axis=2)
    away.sort(axis=2)
    nearest, next_to = away[..., 0], away[..., 1]
    told = (next_to - nearest) / np.maximum(next_to + nearest, np.float32(1e-3))
    return np.asarray(_MIDWAY + (1 - _MIDWAY) * told, np.float32)


def _handed_over(
    features: Floats, labels: Labels, numbers: list[int], means: Floats, share: Floats
) -> Labels:
    size = (labels.shape[1], labels.shape[0])
    own = np.zeros(labels.shape, np.float32)
    most = np.full(labels.shape, np.float32(_WON))
    leading = np.full(labels.shape, -1, np.int32)
    for index, number in enumerate(numbers):
        plane = cv2.resize(share[..., index], size, interpolation=cv2.INTER_LINEAR)
        cv2.copyTo(plane, (labels == number).astype(np.uint8), own)
        leads = plane > most
        most[leads], leading[leads] = plane[leads], index
    rows, columns = np.nonzero((leading >= 0) & (labels >= 0) & (own < _LOST))
    before = np.searchsorted(numbers, labels[rows, columns])
    after = leading[rows, columns]
    colours = cv2.blur(features, (5, 5))[rows, columns]
    far, farther = (np.linalg.norm(colours - means[one], axis=1) for one in (before, after))
    moves = farther < _NOT_FARTHER * far
    result = labels.copy()
    result[rows[moves], columns[moves]] = np.asarray(numbers, np.int32)[after[moves]]
    return result
