"""Walls, floors and ceilings as a painter would see them, from masks as a model found them.

Whatever the model, its masks wander about corners, leave out a strip of floor in another light and
end in teeth where the picture shows no edge. All of it is mended on a picture of 640 pixels, before
the masks are drawn to the edges of the view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.consensus import agreed, in_doubt
from jobs.gpu.engine.corners import rise_of, straighten
from jobs.gpu.engine.edges import ColourFollower
from jobs.gpu.engine.perspective import Line, Perspective, perspective_of
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.view import shrunk
from jobs.presets import canonical

WALL, FLOOR, CEILING = "wall", "floor", "ceiling"
# What is as large and as smooth as a surface, and gets its edges in the same way.
_SMOOTH: Final = frozenset({WALL, FLOOR, CEILING, "window", "door", "cabinet", "countertop"})

SKETCH_SIDE: Final = 640
# Shares of the picture: a speck is closed or dropped, a surface is large enough to learn from.
_SPECK: Final = 0.0004
_LEARNED: Final = 0.02
# A piece beside the floor is floor when it looks like the floor about it (8-bit steps of lightness
# and of colour, the latter seen sharper), is this closely held by it and not too large a share.
_LIGHTER: Final = 17.0
_OTHER_COLOUR: Final = 6.0
_ABOUT: Final = 30.0
_HELD: Final = 0.55
_MOST_OF_IT: Final = 0.35
_LEAST_PIECE: Final = 40


def settled(found: Segmentation, small: Rgb) -> tuple[Segmentation, Perspective]:
    """The same with better masks of the surfaces, and how the room is looked at, in pixels of the
    masks. `small` is the picture (hxwx3) that the masks belong to, reduced."""
    names = {name: canonical(name) for name in found.masks}
    surfaces = {key: name for name, key in names.items() if key in _SMOOTH}
    height, width = small.shape[:2]
    shape = next((mask.shape for mask in found.masks.values()), (height, width))
    if not surfaces:
        return found, perspective_of((shape[0], shape[1]), {}, ())
    side = max(height, width)
    masks = {key: shrunk(found.masks[name], side) for key, name in surfaces.items()}
    masks = (
        agreed(masks, small) if in_doubt(masks) else {k: _halves(m, side) for k, m in masks.items()}
    )
    others = [_halves(found.masks[name], side) for name, key in names.items() if key not in masks]
    drawn, lines = _drawn(small, masks, others)
    perspective = perspective_of((height, width), drawn, lines).scaled(shape[1] / width)
    size = (shape[1], shape[0])
    better = {
        key: np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        for key, mask in drawn.items()
    }
    all_masks = {name: better.get(names[name], mask) for name, mask in found.masks.items()}
    return replace(found, masks=all_masks), perspective


def _drawn(
    small: Rgb, masks: Mapping[str, Mask], others: list[Mask]
) -> tuple[Mapping[str, Mask], list[Line]]:
    rise = rise_of(small)
    lines: list[Line] = []
    for upper, lower in ((CEILING, WALL), (WALL, FLOOR)):
        if upper in masks and lower in masks:
            lines += straighten(masks[upper], masks[lower], rise)
    if FLOOR in masks:
        _complete(masks[FLOOR], np.maximum.reduce([*masks.values(), *others]), small)
    edges = ColourFollower(small)
    return {key: _without_specks(edges.draw(mask)) for key, mask in masks.items()}, lines


def _halves(mask: Mask, side: int) -> Mask:
    """A mask reduced, 0 or 255."""
    return np.asarray(cv2.threshold(shrunk(mask, side), 127, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _without_specks(mask: Mask) -> Mask:
    """Small holes closed and small islands dropped."""
    least = max(1, int(_SPECK * mask.size))
    inside = mask > 127
    for value, keep in ((np.uint8(0), inside), (np.uint8(255), ~inside)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(keep.astype(np.uint8))
        specks = stats[:, cv2.CC_STAT_AREA] < least
        specks[0] = False
        if specks[:count].any():
            mask[specks[labels]] = value
    return mask


def _complete(floor: Mask, claimed: Mask, small: Rgb) -> None:
    """Add to the floor (HxW, 0 or 255, in place) what nobody claimed and what looks like it.

    A model leaves out a strip behind a chair or in another light. What the floor holds on most
    sides, in its own colour, is floor.
    """
    if float((floor > 0).mean()) < _LEARNED:
        return
    calm = cv2.cvtColor(cv2.bilateralFilter(small, 7, 25, 3), cv2.COLOR_RGB2LAB).astype(np.float32)
    inside = (floor > 0).astype(np.float32)
    weight = _about(inside) + np.float32(1e-4)
    mean = _about(calm * inside[..., np.newaxis]) / weight[..., np.newaxis]
    square = _about(calm * calm * inside[..., np.newaxis]) / weight[..., np.newaxis]
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    away = np.abs(calm - mean)
    colour = np.hypot(away[..., 1], away[..., 2])
    alike = away[..., 0] < _LIGHTER + spread[..., 0]
    alike &= colour < _OTHER_COLOUR + 0.3 * (spread[..., 1] + spread[..., 2])
    alike &= (weight > 0.05) & (claimed < 128)
    pieces = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pieces)
    held = cv2.dilate((floor > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    for index in range(1, count):
        left, top, width, height, area = stats[index].tolist()
        if not _LEAST_PIECE <= area <= _MOST_OF_IT * inside.sum():
            continue
        around = np.s_[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]
        piece = (labels[around] == index).astype(np.uint8)
        rim = _rim(piece)
        if (held[around] & rim).sum() >= _HELD * max(1, int(rim.sum())):
            floor[around][piece > 0] = 255


def _rim(piece: Mask) -> BoolMask:
    """The outermost pixels of a piece, but for those at the picture's edge."""
    core = cv2.erode(piece, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(piece > core, np.bool_)


def _about(values: Floats) -> Floats:
    """Blurred widely, at a quarter of the size: nothing finer is left of it."""
    height, width = values.shape[:2]
    size = (max(1, width // 4), max(1, height // 4))
    reduced = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(reduced, (0, 0), _ABOUT / 4)
    return np.asarray(cv2.resize(blurred, (width, height)), np.float32)
