"""Tell the paints of a thing apart: the red of a mug from the white of its inside.

Light changes how bright a paint looks, hardly its colour relative to its brightness. In a space
made so, each paint is a hill in the histogram of the thing's pixels (`colour_hills.py`), and what
shading does to a paint draws the hill out instead of making a second one. What colours alone cannot
tell, where they lie does: parts of other hues (`hue_parts.py`), parts that end sharply
(`sharp_parts.py`), skin (`skin.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.colour_hills import Hills, Labels
from jobs.gpu.engine.coloured_details import without_details
from jobs.gpu.engine.hue_parts import hue_parts
from jobs.gpu.engine.light_borders import by_light
from jobs.gpu.engine.paint_colours import features_of
from jobs.gpu.engine.paint_parts import detached, drawn, numbered, rejoined
from jobs.gpu.engine.paint_places import coherent, of_their_thing, to_the_rim
from jobs.gpu.engine.paint_ranks import by_colour, likely_meant
from jobs.gpu.engine.segmenters.instance import Instance, box_of
from jobs.gpu.engine.sharp_parts import sharp_parts
from jobs.gpu.engine.skin import parted
from jobs.gpu.engine.view import shrunk
from jobs.gpu.engine.whole_parts import whole_parts

_HISTOGRAM_SIDE: Final = 320
WORKING_SIDE: Final = 1024
_LEAST_PIXELS: Final = 60
# Paints that cover less are details: they are nobody's, and stay as they are.
_LEAST_SHARE: Final = 0.008
# Parts as finely mixed as this are one: a tweed, the grain of wood.
_MIXED_REACH: Final = 1 / 80
_MIXED: Final = 0.55
_LEAST_MIXED_SHARE: Final = 0.12


@dataclass(frozen=True)
class Paint:
    """colour: its mean, red, green, blue in 0-255. share: 0-1, of the whole mask."""

    colour: tuple[int, int, int]
    share: float


@dataclass(frozen=True)
class Paints:
    """The paints of a thing, the one that a customer means first.

    labels: hxw; the number of the paint of each pixel, -1 for none. nobodys: hxw, what of the thing
    is of no paint, 0 or 255.
    """

    found: tuple[Paint, ...]
    labels: Labels
    nobodys: Mask

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The paints as clients know them: where they are and their colour."""
        return tuple(
            Instance(
                box_of((self.labels == number).astype(np.uint8) * np.uint8(255)),
                paint.share,
                "#{:02x}{:02x}{:02x}".format(*paint.colour),
            )
            for number, paint in enumerate(self.found)
        )

    def mask(self, numbers: Sequence[int]) -> Mask:
        """Where these paints are, hxw, 0 or 255, without specks."""
        inside = np.isin(self.labels, numbers).astype(np.uint8) * np.uint8(255)
        return np.asarray(cv2.medianBlur(inside, 3), np.uint8)


def tell_paints(rgb: Rgb, mask: Mask, *, side: int = WORKING_SIDE, worn: bool = True) -> Paints:
    """The paints of what a mask (HxW, 0-255) shows of a picture (HxWx3). At least one.

    side: of the labels at most, in pixels. worn: whether it is a thing, of which skin may be part.
    """
    picture, solid = _reduced(rgb, mask, side)
    small, core = _reduced(picture, solid, _HISTOGRAM_SIDE)
    inside = cv2.erode((core > 200).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if int(inside.sum()) < _LEAST_PIXELS:
        return _one(picture, solid)
    features = features_of(small)
    hills = Hills.of(features[inside])
    labels = np.full(inside.shape, -1, np.int32)
    labels[inside] = hills.label(features[inside])
    groups = _joined(features, labels)
    detail = features_of(picture)
    found = np.where(solid >= 128, groups[hills.label(detail)], -1).astype(np.int32)
    if not worn:
        return _ordered(picture, found, thing=False)
    everywhere = np.where(core >= 128, hills.label(features), -1).astype(np.int32)
    paints = np.where(labels >= 0, groups[np.maximum(labels, 0)], -1).astype(np.int32)
    parts = [
        *detached(features, everywhere, groups),
        *hue_parts(features, paints),
        *sharp_parts(features, paints),
    ]
    found = drawn(parts, numbered(parts, paints, features), found, detail)
    for shade, lit in rejoined(parts, paints, features).items():
        found[found == shade] = lit
    found = to_the_rim(detail, coherent(detail, found))
    found, skin = parted(picture, detail, found)
    found = of_their_thing(whole_parts(detail, found))
    return _ordered(picture, without_details(detail, found), skin)


def _one(picture: Rgb, solid: Mask) -> Paints:
    return _ordered(picture, np.where(solid >= 128, 0, -1).astype(np.int32))


def _reduced(rgb: Rgb, mask: Mask, side: int) -> tuple[Rgb, Mask]:
    return shrunk(rgb, side), shrunk(mask, side)


def _joined(features: Floats, labels: Labels) -> Labels:
    """Which paint each hill belongs to, by number: hills with soft borders, or mixed, are one."""
    count = int(labels.max()) + 1
    groups = np.arange(count, dtype=np.int32)
    while True:
        now = np.where(labels >= 0, groups[np.maximum(labels, 0)], -1)
        pair = _pair_to_join(features, now)
        if pair is None:
            return groups
        groups[groups == pair[1]] = pair[0]


def _pair_to_join(features: Floats, labels: Labels) -> tuple[int, int] | None:
    """Two paints (HxW numbers, -1 for none) that are one, or None."""
    total = int((labels >= 0).sum())
    numbers, sizes = np.unique(labels[labels >= 0], return_counts=True)
    large = [int(n) for n, size in zip(numbers, sizes, strict=True) if size >= _LEAST_SHARE * total]
    for first_index, first in enumerate(large):
        for second in large[first_index + 1 :]:
            one, two = labels == first, labels == second
            if _mixed(one, two, total) or by_light(features, one, two):
                return first, second
    return None


def _mixed(one: BoolMask, two: BoolMask, total: int) -> bool:
    """Whether two paints are strewn among each other all over the thing."""
    if min(int(one.sum()), int(two.sum())) < _LEAST_MIXED_SHARE * total:
        return False
    reach = max(2.0, max(one.shape) * _MIXED_REACH)
    near = [cv2.GaussianBlur(part.astype(np.float32), (0, 0), reach) for part in (one, two)]
    near = [part / part.sum() for part in near]
    return float(np.minimum(near[0], near[1]).sum()) > _MIXED


def _ordered(
    picture: Rgb, labels: Labels, skin: int | None = None, *, thing: bool = True
) -> Paints:
    """Number the paints by how much they cover, those a customer hardly means less; drop what
    covers too little."""
    total = max(1, int((labels >= 0).sum()))
    colours: dict[int, tuple[int, int, int]] = {}
    shares: dict[int, float] = {}
    for number in np.unique(labels[labels >= 0]).tolist():
        where = labels == number
        share = float(where.sum()) / total
        if share < _LEAST_SHARE:
            continue
        red, green, blue = map(round, cv2.mean(picture, where.astype(np.uint8))[:3])
        colours[number], shares[number] = (red, green, blue), share
    if thing:
        likely = likely_meant(colours, labels, skin)
    else:
        likely = {number: by_colour(colour) for number, colour in colours.items()}
    ranked = [
        (-shares[number] * likely[number], number, Paint(colour, round(shares[number], 4)))
        for number, colour in colours.items()
    ]
    ranked.sort()
    numbers = np.full(int(labels.max(initial=0)) + 2, -1, np.int32)
    for new, (_, old, _paint) in enumerate(ranked):
        numbers[old] = new
    left = ((labels >= 0) & (numbers[labels] < 0)).astype(np.uint8) * np.uint8(255)
    found = tuple(paint for _, _, paint in ranked)
    return Paints(found, numbers[labels].astype(np.int32), left)
