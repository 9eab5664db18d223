"""Which regions a picture falls into, and which surface each of them belongs to.

A model whose answer changes in the middle of a plain wall draws a border where there is none. Here
a border costs by its length, and most where the picture does not change across it. So a tongue of
ceiling on a wall is either all of that wall or nothing of it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats, Mask

Labels = NDArray[np.int32]

# Pixels between the calmest points, which grow into the smallest regions; of blurring before.
_APART: Final = 7
_SMOOTH: Final = 1.0
# Over so many pixels the change of colour is taken, on either side.
_REACH: Final = 2
# What a pixel of border costs where nothing changes, in pixels taken for another class; and the
# change (8-bit steps of L*a*b*) across which that falls to 1/e.
_PRICE: Final = 5.0
_STEP: Final = 3.0


class _Border(NamedTuple):
    """Of two regions: pixels, the sum of the change across it and what it costs to be one."""

    length: int
    change: float
    cost: float

    def with_(self, other: _Border) -> _Border:
        return _Border(
            self.length + other.length, self.change + other.change, self.cost + other.cost
        )


@dataclass
class _Region:
    """wrong: per class, how likely its pixels show another, summed up. borders: with which others.
    parts: the two it was made of. divided: whether it costs least in these parts."""

    wrong: Floats
    cost: float
    borders: dict[int, _Border]
    parts: tuple[int, int] | None = None
    divided: bool = False


def told_apart(likely: Floats, guide: Mask) -> Labels:
    """The class of each pixel, HxW, from how likely it shows each class (CxHxW, adding up to 1 at
    most: a pixel that shows none of them hardly counts). guide: HxWx3, a calm picture in 8-bit
    L*a*b*.

    What costs is how likely pixels show another class than the one they are taken for, and the
    borders; the cheapest of all ways to cut a tree of regions is taken. The tree is made by
    joining, time after time, the two between which the picture changes least: Salembier and
    Garrido, "Binary partition tree as an efficient representation for image processing,
    segmentation, and information retrieval", 2000.
    """
    change = _change(guide.astype(np.float32))
    pieces = _pieces(guide, change)
    regions = _regions(pieces, change, likely)
    count = len(regions)
    _join(regions)
    return _classes(regions, count)[pieces]


def _change(guide: Floats) -> Floats:
    """How much colour changes about each pixel, across or down, whichever is more."""
    wide = cv2.copyMakeBorder(guide, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REPLICATE)
    height, width = guide.shape[:2]
    inner = slice(_REACH, _REACH + height), slice(_REACH, _REACH + width)
    across = wide[inner[0], 2 * _REACH :] - wide[inner[0], :width]
    down = wide[2 * _REACH :, inner[1]] - wide[:height, inner[1]]
    squares = [np.square(step).sum(axis=2) for step in (across, down)]
    return np.asarray(np.sqrt(np.maximum(*squares)), np.float32)


def _pieces(guide: Mask, change: Floats) -> Labels:
    """The smallest regions, numbered from 0: what flows together about each calmest point."""
    smooth = cv2.GaussianBlur(change, (0, 0), _SMOOTH)
    calmest = smooth <= cv2.erode(smooth, np.ones((_APART, _APART), np.uint8))
    _, seeds = cv2.connectedComponents(calmest.astype(np.uint8))
    # The watershed takes a frame of one pixel for itself.
    framed = cv2.copyMakeBorder(guide, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    markers = cv2.copyMakeBorder(seeds, 1, 1, 1, 1, cv2.BORDER_REPLICATE).astype(np.int32)
    found = np.maximum(cv2.watershed(framed, markers)[1:-1, 1:-1], 0).astype(np.uint16)
    while not found.all():
        found = np.where(found == 0, cv2.dilate(found, np.ones((3, 3), np.uint8)), found)
    numbers = np.unique(found, return_inverse=True)[1]
    return np.asarray(numbers, np.int32).reshape(found.shape)


def _regions(pieces: Labels, change: Floats, likely: Floats) -> list[_Region]:
    count = int(pieces.max()) + 1
    inside = pieces.ravel()
    others = likely.sum(axis=0) - likely
    wrong = np.stack(
        [np.bincount(inside, one.ravel(), minlength=count) for one in others], axis=1
    ).astype(np.float32)
    regions = [_Region(sums, float(sums.min()), {}) for sums in wrong]
    pairs, changes = [], []
    for one, two in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        apart = pieces[one] != pieces[two]
        ends = np.stack([pieces[one][apart], pieces[two][apart]])
        pairs.append(ends.min(axis=0).astype(np.int64) * count + ends.max(axis=0))
        changes.append(np.maximum(change[one][apart], change[two][apart]))
    met, where = np.unique(np.concatenate(pairs), return_inverse=True)
    across = np.concatenate(changes)
    lengths = np.bincount(where, minlength=len(met)).tolist()
    sums = np.bincount(where, across, minlength=len(met)).tolist()
    costs = np.bincount(where, _PRICE * np.exp(across / -_STEP), minlength=len(met)).tolist()
    for pair, *border in zip(met.tolist(), lengths, sums, costs, strict=True):
        first, second = divmod(pair, count)
        regions[first].borders[second] = regions[second].borders[first] = _Border(*border)
    return regions


def _join(regions: list[_Region]) -> None:
    """Append the regions that two make together, until all are one."""
    queue = [
        (border.change / border.length, first, second)
        for first, region in enumerate(regions)
        for second, border in region.borders.items()
        if first < second
    ]
    heapq.heapify(queue)
    while queue:
        _, first, second = heapq.heappop(queue)
        one, two = regions[first], regions[second]
        between = one.borders.get(second)
        if between is None:  # one of them is part of another by now
            continue
        number = len(regions)
        wrong = one.wrong + two.wrong
        whole, parted = float(wrong.min()), one.cost + two.cost + between.cost
        joined = _Region(wrong, min(whole, parted), {}, (first, second), parted < whole)
        for part, region in ((first, one), (second, two)):
            for other, border in region.borders.items():
                if other in (first, second):
                    continue
                known = joined.borders.get(other)
                joined.borders[other] = border if known is None else known.with_(border)
                del regions[other].borders[part]
            region.borders = {}
        regions.append(joined)
        for other, border in joined.borders.items():
            regions[other].borders[number] = border
            heapq.heappush(queue, (border.change / border.length, number, other))


def _classes(regions: list[_Region], count: int) -> Labels:
    """The class of each of the `count` smallest regions, which are the first."""
    classes = np.zeros(len(regions), np.int32)
    given = [False] * len(regions)
    for number in range(len(regions) - 1, -1, -1):
        region = regions[number]
        if not given[number]:
            classes[number] = int(region.wrong.argmin())
        if region.parts is not None:
            for part in region.parts:
                classes[part] = classes[number]
                given[part] = given[number] or not region.divided
    return classes[:count]
