"""Which paint a pixel has by where it is: among its neighbours, at the rim, on which thing."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats
from jobs.gpu.engine.colour_hills import Labels

# A pixel goes with its neighbours (within a share of the picture's side, so much of them
# of one paint) when their paint is hardly further from its colour than its own.
_NEIGHBOURS: Final = 1 / 100
_MAJORITY: Final = 0.55
_AS_NEAR: Final = 1.6
# Along the outline of a thing the colours of so many pixels are mixed with the backdrop's.
_RIM: Final = 4
# A paint with so much more colour than the other goes on, so many pixels beside where it is.
_MORE_COLOUR: Final = 15.0
_BESIDE: Final = 21
# A paint is at home on the thing that has most of it, if that is so much; on others it is a stray
# where it covers less than this.
_AT_HOME: Final = 0.7
_MAIN_OF_THING: Final = 0.4


def coherent(features: Floats, labels: Labels) -> Labels:
    """Numbers (hxw) of which each agrees with its neighbours where its colour leaves it open: dark
    paints differ by little more than their grain."""
    numbers = [int(number) for number in np.unique(labels[labels >= 0])]
    if len(numbers) < 2:
        return labels
    side = 2 * max(1, round(max(labels.shape) * _NEIGHBOURS)) + 1
    most = np.full(labels.shape, _MAJORITY, np.float32)
    leading = labels.copy()
    means = np.zeros((numbers[-1] + 1, 3), np.float32)
    for number in numbers:
        paint = (labels == number).astype(np.uint8)
        means[number] = cv2.mean(features, paint)[:3]
        near = cv2.blur(paint.astype(np.float32), (side, side))
        leads = near > most
        most[leads], leading[leads] = near[leads], number
    rows, columns = np.nonzero((leading != labels) & (labels >= 0))
    colours, own, other = features[rows, columns], labels[rows, columns], leading[rows, columns]
    away = [np.linalg.norm(colours - means[numbers], axis=1) for numbers in (other, own)]
    result = labels.copy()
    result[rows, columns] = np.where(away[0] < _AS_NEAR * away[1], other, own)
    return result


def to_the_rim(features: Floats, labels: Labels) -> Labels:
    """Numbers (hxw) of which those along the outline of the thing, where its colours mix with the
    backdrop's, are those of the pixels next to them; but a mix hardly has more colour than what is
    mixed, so that a paint with more of it goes on to the rim beside a black seam."""
    inside = (labels >= 0).astype(np.uint8)
    side = 2 * _RIM + 1
    core = cv2.erode(inside, np.ones((side, side), np.uint8), borderValue=1)
    rim = (inside > core) & (cv2.dilate(core, np.ones((side + 2, side + 2), np.uint8)) > 0)
    if not rim.any() or not core.any():
        return labels
    _, places = cv2.distanceTransformWithLabels(
        1 - core, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_place = np.zeros(int(places.max()) + 1, np.int32)
    of_place[places[core > 0]] = labels[core > 0]
    result = labels.copy()
    result[rim] = of_place[places[rim]]
    changed = rim & (result != labels)
    if not changed.any():
        return result
    pairs = np.unique(np.stack([labels[changed], result[changed]], axis=1), axis=0)
    colour = {number: _colour(features, labels, number) for number in np.unique(pairs).tolist()}
    reach = np.ones((_BESIDE, _BESIDE), np.uint8)
    for own, other in pairs.tolist():
        if colour[own] > colour[other] + _MORE_COLOUR:
            at_home = ((core > 0) & (labels == own)).astype(np.uint8)
            kept = changed & (labels == own) & (result == other)
            result[kept & (cv2.dilate(at_home, reach) > 0)] = own
    return result


def _colour(features: Floats, labels: Labels, number: int) -> float:
    """How much colour a paint has."""
    _, a, b = cv2.mean(features, (labels == number).astype(np.uint8))[:3]
    return float(np.hypot(a, b))


def of_their_thing(labels: Labels) -> Labels:
    """Numbers (hxw) without what a paint has on a thing that is another paint's: the tint of a
    glass beside a bottle is not the bottle."""
    inside = (labels >= 0).astype(np.uint8)
    count, things = cv2.connectedComponents(inside)
    if count < 3:
        return labels
    flat = np.asarray(things, np.intp) * (int(labels.max()) + 1) + labels
    amounts = np.bincount(flat[labels >= 0], minlength=count * (int(labels.max()) + 1))
    amounts = amounts.reshape(count, -1)
    shares = amounts / np.maximum(amounts.sum(axis=0), 1)
    minor = amounts < _MAIN_OF_THING * np.maximum(amounts.sum(axis=1, keepdims=True), 1)
    at_home = shares.max(axis=0) > _AT_HOME
    strays = minor & at_home & (shares < 1 - _AT_HOME)
    result = labels.copy()
    result[strays[things, np.maximum(labels, 0)] & (labels >= 0)] = int(labels.max()) + 1
    return result
