"""Dark, grey and white parts of other hues: a plum cap and brown hair, navy cloth and black straps.

Where there is little colour, grain hides it, and light moves a pixel further than its hue does. The
hue of an area is known better than that of a pixel: averaged over a few pixels of the paint, black
and navy are hills with a valley between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats
from jobs.gpu.engine.colour_hills import Hills, Labels
from jobs.gpu.engine.paint_parts import Part

# Over how many pixels the hue is averaged (a standard deviation).
_REACH: Final = 3.0
# In the steps of `paints`: a paint with little colour; and how far hues are apart.
_PALE: Final = 26.0
_APART: Final = 9.5
# Of the thing: the least paint that is looked into, and the least part.
_LEAST_PAINT: Final = 0.1
_LEAST: Final = 0.03
_LEAST_PIXELS: Final = 400
_ROUNDED: Final = 5
# Averaged hues spread less: the steps of their histogram are so much finer.
_FINER: Final = 2.0
_LEAST_LIGHT: Final = 16.0
# Of two dark paints: how dark, over how many pixels hue is averaged there, how much nearer to the
# other's a hue is, and the least share of the thing that changes hands.
_DARK: Final = 34.0
_REACH_OF_TWO: Final = 2.0
_NEARER: Final = 0.6
_LEAST_TAKEN: Final = 0.004


def hue_parts(features: Floats, labels: Labels) -> Iterator[Part]:
    """The parts of the paints (hxw numbers, -1 for none) of a picture (hxwx3 colours as `paints`
    tells them) that are of another hue than most of their paint."""
    total = int((labels >= 0).sum())
    pale: dict[int, Floats] = {}
    for number in np.unique(labels[labels >= 0]).tolist():
        paint = labels == number
        if int(paint.sum()) < max(_LEAST_PAINT * total, _LEAST_PIXELS):
            continue
        mean = features[paint].mean(axis=0)
        if float(np.hypot(mean[1], mean[2])) < _PALE:
            pale[number] = mean
            yield from _of_other_hue(features, paint, number, _LEAST * total)
    dark = {number: mean for number, mean in pale.items() if mean[0] < _DARK}
    for number, other in permutations(dark, 2):
        yield from _taken(features, labels, (number, other), dark, _LEAST_TAKEN * total)


def _of_other_hue(features: Floats, paint: BoolMask, number: int, least: float) -> Iterator[Part]:
    values = _averaged(features, paint, _REACH)[paint] * np.float32(_FINER)
    hills = np.full(paint.shape, -1, np.int32)
    hills[paint] = Hills.of(values).label(values)
    numbers, sizes = np.unique(hills[paint], return_counts=True)
    main = hills == int(numbers[int(np.argmax(sizes))])
    usual = features[main].mean(axis=0)
    for hill in numbers.tolist():
        part = cv2.medianBlur((hills == hill).astype(np.uint8), _ROUNDED) > 0
        part = np.asarray(part & paint & ~main, np.bool_)
        if float(part.sum()) < least:
            continue
        inside = features[part].mean(axis=0)
        if float(np.hypot(inside[1] - usual[1], inside[2] - usual[2])) > _APART:
            yield Part(part, number, inside, usual)


def _taken(
    features: Floats,
    labels: Labels,
    pair: tuple[int, int],
    means: Mapping[int, Floats],
    least: float,
) -> Iterator[Part]:
    """What one of two dark paints has for its lightness, and has the hue of the other."""
    own, other = (means[number][1:] for number in pair)
    if float(np.linalg.norm(own - other)) < _APART:
        return
    both = np.isin(labels, pair)
    hue = _averaged(features, np.asarray(both, np.bool_), _REACH_OF_TWO)[..., 1:]
    away = [np.linalg.norm(hue - mean, axis=2) for mean in (own, other)]
    like = (labels == pair[0]) & (away[1] < _NEARER * away[0])
    smooth = cv2.medianBlur(like.astype(np.uint8), _ROUNDED) & like.astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(smooth)
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] >= least:
            piece = np.asarray(pieces == index, np.bool_)
            yield Part(piece, pair[0], features[piece].mean(axis=0), means[pair[0]], pair[1])


def _averaged(features: Floats, paint: BoolMask, reach: float) -> Floats:
    """Hue alone (hxwx3, no lightness), averaged over the paint; what is lighter tells more."""
    weight = np.asarray(paint * (features[..., 0] + _LEAST_LIGHT), np.float32)
    hue = features * weight[..., np.newaxis]
    hue[..., 0] = 0
    amount = np.maximum(cv2.GaussianBlur(weight, (0, 0), reach), np.float32(1e-3))
    return np.asarray(cv2.GaussianBlur(hue, (0, 0), reach) / amount[..., np.newaxis], np.float32)
