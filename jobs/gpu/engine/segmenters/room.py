"""What a room is made of: walls, floor, ceiling and its fittings, by two small networks of our own.

Both were trained on photos that were outlined by eye (bench/rooms has outlines and training). The
encoder of the earlier one is that of the text detector PP-OCRv6; that of the later one is
EfficientNet-Lite0, which was trained to name things. They err in different places, so the mean of
their answers is better than either: it says how likely each cell, 4 x 4 pixels of a small picture,
belongs to each class. By how much one leads is its mask, which is soft where the networks are in
doubt; where things end, the picture decides later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.segmenters.instance import Instance, box_of, by_score
from jobs.gpu.engine.segmenters.outline import enlarged, resized
from jobs.gpu.engine.segmenters.trust import unrest
from jobs.gpu.engine.segmenters.weights import (
    EARLIER_ROOMS,
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    ROOMS,
    Weights,
    answer_of,
    load_session,
)

CLASSES: Final = ("Wall", "Floor", "Ceiling", "Window", "Door", "Cabinet", "Light", "Other")
"""In the order of the networks' answers; the later one divides what is Other."""
_OTHER: Final = CLASSES.index("Other")
SURFACES: Final = ("Wall", "Floor", "Ceiling")
THINGS: Final = ("Window", "Cabinet")
"""What comes in several instances."""

# The longest side of the picture that is looked at, and what its sides are multiples of.
_SIDE: Final = 544
_STRIDE: Final = 32
_LEAST_SIDE: Final = 48
# The later network's share in the answer, and how the earlier one wants colours shifted and scaled.
_LATER: Final = 0.65
_MEAN: Final = np.array(IMAGENET_MEAN, np.float32)
_DEVIATION: Final = np.array(IMAGENET_DEVIATION, np.float32)
# The longest side of the masks that are made of the answer.
_MASK_SIDE: Final = 640
# Where a class is that much likelier than any other it is certain (255), and the other way round.
_CERTAIN: Final = 0.3
_HALF: Final = 128
# In pixels of the mask: so far reaches the soft border of what is kept.
_BORDER: Final = 8
_LEAST_PATCH: Final = 0.002
# Shares of the picture below which a class is not there. What is taken for a small cabinet is
# mostly a side table, by eye on the photos of the demo.
_LEAST_AREA: Final = {**dict.fromkeys((*SURFACES, *THINGS), 0.008), "Cabinet": 0.02}


@dataclass(frozen=True)
class FoundInRoom:
    """mask: HxW, 0-255, soft: 128 where another class is as likely. likely: h x w, 0-1, how likely
    each cell of the picture shows it. unrest: of the whole picture. instances: of things, the
    surest first; none for surfaces.
    """

    mask: Mask
    likely: Floats
    unrest: float
    instances: tuple[Instance, ...] = ()


def look_at_room(rgb: Rgb) -> Mapping[str, FoundInRoom]:
    """The surfaces and things that are there, by name.

    A photo less than 48 pixels wide or high, once reduced to 544, shows no room. Raises ModelError
    when the network cannot run.
    """
    height, width = rgb.shape[:2]
    if min(height, width) * min(1.0, _SIDE / max(height, width)) < _LEAST_SIDE:
        return {}
    likely = _likelihood(rgb)
    scale = min(1.0, _MASK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    restless = unrest(likely)
    found: dict[str, FoundInRoom] = {}
    for name in (*SURFACES, *THINGS):
        here = CLASSES.index(name)
        lead = likely[here] - np.delete(likely, here, axis=0).max(axis=0)
        level = np.clip(resized(lead, size) / (2 * _CERTAIN) + 0.5, 0, 1) * 255
        mask = _without_specks(np.rint(level).astype(np.uint8))
        inside = (mask >= _HALF).astype(np.uint8)
        if float(inside.mean()) < _LEAST_AREA[name]:
            continue
        instances = _parts(inside, resized(likely[here], size)) if name in THINGS else ()
        found[name] = FoundInRoom(enlarged(mask, rgb.shape), likely[here], restless, instances)
    return found


def _likelihood(rgb: Rgb) -> Floats:
    """The mean answer of two networks to the picture and to its mirror image, 8xhxw, 0-1."""
    height, width = rgb.shape[:2]
    scale = _SIDE / max(height, width)
    rows, columns = (
        max(2, round(length * scale / _STRIDE)) * _STRIDE for length in (height, width)
    )
    small = np.asarray(cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    likely = _answer(EARLIER_ROOMS, small, _prepared_for_the_earlier)
    likely += (_answer(ROOMS, small, _prepared) - likely) * np.float32(_LATER)
    return likely


def _answer(weights: Weights, small: Rgb, prepared: Callable[[Rgb], Floats]) -> Floats:
    """One network's mean answer, 8xhxw: what it tells apart of Other is one class again."""
    batch = np.stack([prepared(small), prepared(small[:, ::-1])])
    straight, mirrored = answer_of(load_session(weights), batch, "room model")
    mean = np.asarray((straight + mirrored[:, :, ::-1]) * np.float32(0.5), np.float32)
    other = mean[_OTHER:].sum(axis=0, keepdims=True)
    return np.concatenate([mean[:_OTHER], other])


def _prepared(picture: Rgb) -> Floats:
    """As the later network wants a picture whose sides are multiples of 32, 5xhxw: red, green and
    blue, and where a pixel lies, across and down, all from -1 to 1."""
    return _with_places((picture.astype(np.float32) - 127) / 128)


def _prepared_for_the_earlier(picture: Rgb) -> Floats:
    """Blue first, as the text detector was trained, whose encoder it has."""
    return _with_places((picture[..., ::-1].astype(np.float32) / 255 - _MEAN) / _DEVIATION)


def _with_places(scaled: NDArray[np.floating]) -> Floats:
    rows, columns = scaled.shape[:2]
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    places = ((across + 0.5) / columns * 2 - 1, (down + 0.5) / rows * 2 - 1)
    return np.stack([*scaled.transpose(2, 0, 1), *places]).astype(np.float32)


def _without_specks(mask: Mask) -> Mask:
    """The mask without its small patches, and without what is nowhere likelier than the rest."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask >= _HALF).astype(np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PATCH * mask.size
    keep[0] = False
    kept = np.asarray(keep[:count][labels], np.uint8)
    side = 2 * _BORDER + 1
    return np.asarray(mask * cv2.dilate(kept, np.ones((side, side), np.uint8)), np.uint8)


def _parts(mask: Mask, likely: Floats) -> tuple[Instance, ...]:
    """What hangs together is one thing; its score is the mean likelihood of its pixels."""
    count, labels = cv2.connectedComponents(mask)
    parts = []
    for part in range(1, count):
        inside = (labels == part).astype(np.uint8) * np.uint8(255)
        parts.append(Instance(box_of(inside), float(cv2.mean(likely, inside)[0])))
    return by_score(parts)
