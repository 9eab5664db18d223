"""Thin parts of a product: legs, cords, straps, stems.

The colours' vote rubs them out, and the network is seldom sure of them. But in what it says they
are ridges: more than half their own height above what lies on either side, over some length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask

# Half the width of a thin part, as a share of the longest side; and how sure of it the looks are
# when it needs no further reason.
_THIN: Final = 0.012
_SURE: Final = 0.5
# Where a ridge begins, what its top must reach if it has colours of its own (the mean likeness to
# the backdrop is below), what otherwise; its least height as a share of the top beside it, and its
# least length in pixels.
_FAINT, _TOP, _SURE_TOP = 0.1, 0.3, 0.7
_LIKE_BACKDROP: Final = 0.35
_OF_TOP: Final = 0.5
_LENGTH: Final = 5
# Up to twice as wide, a strap: begin, mean and top of the ridge (higher says no more); its least
# height as above; its least length in pixels of half the size, and the most of its length squared
# that it fills.
_STRAP, _STRAP_MEAN, _STRAP_TOP = 0.3, 0.45, 0.8
_STRAP_OF_TOP: Final = 0.7
_STRAP_LENGTH: Final = 25
_STRAP_FILLS: Final = 0.5
# A gap of so many pixels before a thin part closes where the looks say at least this.
_GAP: Final = 7
_GAP_SEEN: Final = 0.2
_BRIDGE: Final = 0.55


def sure_and_thin(looks: Floats) -> BoolMask:
    """Where something thin lies that the looks (HxW, 0-1) are sure of, with a little around it."""
    whole = (looks > _SURE).astype(np.uint8)
    thick = _thick(whole, _reach(looks))
    return np.asarray(cv2.dilate((whole > thick).astype(np.uint8), _square(5)) > 0, np.bool_)


def ridges(looks: Floats, behind: Floats | None) -> BoolMask:
    """Where the looks (HxW, 0-1) see something thin at all.

    behind: how much each colour is that of the backdrop (0-1), if that is known: a faint ridge that
    may be that is a joint of the floor or a shadow.
    """
    height, width = looks.shape
    reach = _reach(looks)
    ridge = np.asarray(looks - _thick(looks, reach), np.float32)
    found = _parts((ridge > _FAINT) & (ridge >= _OF_TOP * cv2.dilate(ridge, _square(7))))
    tops = np.zeros(len(found.sizes), np.float32)
    np.maximum.at(tops, found.labels[found.anywhere], ridge[found.anywhere])
    held = tops > _SURE_TOP
    if behind is not None:
        held |= (tops > _TOP) & (found.mean(behind) < _LIKE_BACKDROP)
    narrow = (held & (found.lengths >= _LENGTH))[found.labels]
    half = (max(1, width // 2), max(1, height // 2))
    reduced = np.asarray(cv2.resize(looks, half, interpolation=cv2.INTER_AREA), np.float32)
    # As many pixels are twice as wide there.
    ridge = np.minimum(reduced, np.float32(_STRAP_TOP)) - _thick(reduced, reach)
    found = _parts((ridge > _STRAP) & (ridge >= _STRAP_OF_TOP * cv2.dilate(ridge, _square(7))))
    straps = (found.mean(ridge) > _STRAP_MEAN) & (found.lengths >= _STRAP_LENGTH)
    if behind is not None:
        like = np.asarray(cv2.resize(behind, half, interpolation=cv2.INTER_AREA), np.float32)
        straps &= found.mean(like) < _LIKE_BACKDROP
    straps &= found.sizes < _STRAP_FILLS * found.lengths**2
    wide = cv2.resize(straps[found.labels].astype(np.float32), (width, height)) > 0.5
    return np.asarray(narrow | wide, np.bool_)


def joined(kept: Floats, looks: Floats, thin: BoolMask) -> Floats:
    """What is kept (HxW, above 0.5) with the gaps closed between it and its thin parts, where the
    looks see something in them."""
    closed = cv2.morphologyEx((kept > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, _square(_GAP))
    beside = cv2.dilate(thin.astype(np.uint8), _square(_GAP + 2))
    whole = (kept > 0.5).astype(np.uint8)
    gaps = _parts((closed > whole) & (beside > 0) & (looks > _GAP_SEEN))
    if len(gaps.sizes) < 2:
        return kept
    # A bay of one part is no gap between two.
    _, labels = cv2.connectedComponents(whole)
    number = labels.astype(np.float32)
    highest = cv2.dilate(number, _square(3))
    number[number == 0] = np.inf
    lowest = cv2.erode(number, _square(3))
    first, last = np.full((2, len(gaps.sizes)), np.inf, np.float32)
    last *= -1
    numbers = gaps.labels[gaps.anywhere]
    np.minimum.at(first, numbers, lowest[gaps.anywhere])
    np.maximum.at(last, numbers, highest[gaps.anywhere])
    between = last > first
    return np.where(between[gaps.labels], np.maximum(kept, np.float32(_BRIDGE)), kept)


@dataclass(frozen=True)
class _Parts:
    """Parts of a mask. labels: HxW, 0 beside them. anywhere: HxW, the mask. sizes, lengths: of each
    label, in pixels and as the longest side of its box; the length of label 0 is 0."""

    labels: NDArray[np.int32]
    anywhere: BoolMask
    sizes: NDArray[np.int32]
    lengths: NDArray[np.int32]

    def mean(self, values: Floats) -> NDArray[np.float64]:
        """The mean of values (HxW) in each part; 0 for label 0."""
        numbers = self.labels[self.anywhere]
        return np.bincount(numbers, values[self.anywhere], len(self.sizes)) / self.sizes


def _parts(mask: BoolMask) -> _Parts:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    lengths = stats[:, 2:4].max(axis=1)
    lengths[0] = 0
    return _Parts(
        np.asarray(labels, np.int32),
        mask,
        np.asarray(np.maximum(stats[:, 4], 1), np.int32),
        np.asarray(lengths, np.int32),
    )


def _thick(values: Floats | Mask, reach: int) -> NDArray[Any]:
    """What is left of values without all that is thin, and a little more."""
    side = 2 * reach + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(cv2.morphologyEx(values, cv2.MORPH_OPEN, disc), _square(5)))


def _reach(looks: Floats) -> int:
    side: int = max(looks.shape)
    return max(2, round(_THIN * side))


def _square(side: int) -> Mask:
    return np.ones((side, side), np.uint8)
