"""Some instances of a concept instead of all: the second window from the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Mask
from jobs.gpu.engine.segmenters.instance import Instance

# Whose pixel it is is decided on a picture of so many pixels on its longer side: boxes are no
# finer, and the border between two of them is off by at most half of 1/512 of the photo.
_SIDE: Final = 512
# How much is whose needs no such care.
_COARSE_SIDE: Final = 128
# The least half width and half height of a box, as a share of the photo's: far below a pixel, it
# only keeps an empty box from dividing by zero.
_LEAST_HALF: Final = 1e-6


def in_reading_order(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """As clients number them, from 0: left to right, and from the top where two begin alike."""
    return tuple(sorted(instances, key=lambda one: (one.box[0], one.box[1], one.box[2:])))


def select(
    mask: Mask, instances: Sequence[Instance], chosen: Sequence[int]
) -> tuple[Mask, tuple[int, ...]]:
    """The part of a concept's mask (HxW) that belongs to the chosen instances, and the numbers that
    there are none of.

    A pixel belongs to the box that it lies nearest to the middle of, measured in the box's own
    width and height. A concept whose instances are not told apart is one instance, number 0.
    """
    ordered = in_reading_order(instances)
    count = max(1, len(ordered))
    absent = tuple(number for number in chosen if number >= count)
    wanted = [number for number in chosen if number < count]
    if not wanted:
        return np.zeros_like(mask), absent
    if len(wanted) == count:
        return mask, absent
    owners = _owners(mask.shape, ordered, _SIDE)
    owned = np.isin(owners, wanted).astype(np.uint8) * np.uint8(255)
    owner = cv2.resize(owned, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.bitwise_and(mask, owner), np.uint8), absent


def shares(mask: Mask, ordered: Sequence[Instance]) -> tuple[float, ...]:
    """How much of a concept's mask (HxW) belongs to each of its instances, in reading order; 0-1,
    all zero where there is none of it."""
    owners = _owners(mask.shape, ordered, _COARSE_SIDE)
    coarse = cv2.resize(mask, owners.shape[::-1], interpolation=cv2.INTER_AREA)
    weights = np.bincount(owners.ravel(), coarse.ravel(), minlength=len(ordered))
    return tuple((weights / max(1.0, float(weights.sum()))).tolist())


def _owners(shape: tuple[int, ...], ordered: Sequence[Instance], side: int) -> NDArray[np.int64]:
    """Whose each pixel is, by number, on a picture of at most so many pixels on a side."""
    height, width = shape
    scale = min(1.0, side / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    y = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, np.newaxis]
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / columns)[np.newaxis, :]
    nearest = np.full((rows, columns), np.inf, np.float32)
    owners = np.zeros((rows, columns), np.int64)
    for number, instance in enumerate(ordered):
        left, top, right, bottom = instance.box
        across = np.abs(x - (left + right) / 2) / max((right - left) / 2, _LEAST_HALF)
        down = np.abs(y - (top + bottom) / 2) / max((bottom - top) / 2, _LEAST_HALF)
        distance = np.maximum(across, down)
        nearer = distance < nearest
        nearest[nearer] = distance[nearer]
        owners[nearer] = number
    return owners
