"""What a room is made of: walls, floor, ceiling and its fittings, by a small network of our own.

The encoder is that of the text detector PP-OCRv6. It was trained further, with a decoder for the
layout of rooms, on photos that were outlined by eye (bench/rooms has outlines and training). The
network says how likely each of its cells, 4 x 4 pixels of a small picture, belongs to each class;
a watershed then finds the edges on a larger one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.segmenters.instance import Instance, box_of, by_score
from jobs.gpu.engine.segmenters.outline import (
    UNSURE,
    doubt_borders,
    enlarged,
    settle_borders,
    working_copy,
)
from jobs.gpu.engine.segmenters.weights import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    ROOMS,
    answer_of,
    load_session,
)

CLASSES: Final = ("Wall", "Floor", "Ceiling", "Window", "Door", "Cabinet", "Light", "Other")
"""In the order of the network's answer."""
SURFACES: Final = ("Wall", "Floor", "Ceiling")
THINGS: Final = ("Window", "Cabinet")
"""What comes in several instances."""

# The longest side of the picture that is looked at, and what its sides are multiples of.
_SIDE: Final = 544
_STRIDE: Final = 32
_LEAST_SIDE: Final = 48
_MEAN: Final = np.array(IMAGENET_MEAN, np.float32)
_DEVIATION: Final = np.array(IMAGENET_DEVIATION, np.float32)
# A border may be this share of the larger picture's longest side away from where the network sees
# it, and lies anywhere where no class is this likely.
_DOUBT: Final = 1 / 80
_UNSURE: Final = 0.5
_LEAST_PATCH: Final = 0.002
_LEAST_AREA: Final = 0.008


@dataclass(frozen=True)
class FoundInRoom:
    """mask: HxW, 0-255. instances: of things, the surest first; none for surfaces."""

    mask: Mask
    instances: tuple[Instance, ...] = ()


def look_at_room(rgb: Rgb) -> Mapping[str, FoundInRoom]:
    """The surfaces and things that are there, by name.

    A photo less than 48 pixels wide or high, once reduced to 544, shows no room. Raises ModelError
    when the network cannot run.
    """
    height, width = rgb.shape[:2]
    if min(height, width) * min(1.0, _SIDE / max(height, width)) < _LEAST_SIDE:
        return {}
    picture = working_copy(rgb)
    size = (picture.shape[1], picture.shape[0])
    likely = np.asarray(
        cv2.resize(_likelihood(picture), size, interpolation=cv2.INTER_LINEAR), np.float32
    )
    labels = likely.argmax(axis=2).astype(np.uint8)
    reach = max(2, round(max(size) * _DOUBT))
    labels = doubt_borders(labels, len(CLASSES), reach)
    labels[likely.max(axis=2) < _UNSURE] = UNSURE
    if (labels == UNSURE).all():
        return {}
    labels = settle_borders(labels, picture)
    found: dict[str, FoundInRoom] = {}
    for name in (*SURFACES, *THINGS):
        mask = _without_specks((labels == CLASSES.index(name)).astype(np.uint8))
        if float(mask.mean()) < _LEAST_AREA:
            continue
        instances = _parts(mask, likely[..., CLASSES.index(name)]) if name in THINGS else ()
        found[name] = FoundInRoom(enlarged(mask * np.uint8(255), rgb.shape), instances)
    return found


def _likelihood(picture: Rgb) -> Floats:
    """The mean answer to the picture and to its mirror image, hxwx8, 0-1."""
    height, width = picture.shape[:2]
    scale = _SIDE / max(height, width)
    rows, columns = (
        max(2, round(length * scale / _STRIDE)) * _STRIDE for length in (height, width)
    )
    small = np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    batch = np.stack([prepared(small), prepared(small[:, ::-1])])
    answers = answer_of(load_session(ROOMS), batch, "room model")
    mean = (answers[0] + answers[1][:, :, ::-1]) * np.float32(0.5)
    return np.ascontiguousarray(mean.transpose(1, 2, 0), np.float32)


def prepared(picture: Rgb) -> Floats:
    """As the network wants a picture whose sides are multiples of 32, 5xhxw: blue, green and red,
    and where a pixel lies, across and down, from -1 to 1."""
    rows, columns = picture.shape[:2]
    # Blue first, as the text detector was trained.
    scaled = (picture[..., ::-1].astype(np.float32) / 255 - _MEAN) / _DEVIATION
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    places = ((across + 0.5) / columns * 2 - 1, (down + 0.5) / rows * 2 - 1)
    return np.stack([*scaled.transpose(2, 0, 1), *places]).astype(np.float32)


def _without_specks(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    keep = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PATCH * mask.size
    keep[0] = False
    return np.asarray(keep[:count][labels], np.uint8)


def _parts(mask: Mask, likely: Floats) -> tuple[Instance, ...]:
    """What hangs together is one thing; its score is the mean likelihood of its pixels."""
    count, labels = cv2.connectedComponents(mask)
    parts = []
    for part in range(1, count):
        inside = (labels == part).astype(np.uint8) * np.uint8(255)
        parts.append(Instance(box_of(inside), float(cv2.mean(likely, inside)[0])))
    return by_score(parts)
