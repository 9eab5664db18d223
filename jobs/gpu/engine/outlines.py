"""Where the concepts of a photo lie, pixel by pixel, and which part of them an edit is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.legs import legs_in
from jobs.gpu.engine.light import RoomLight
from jobs.gpu.engine.matting import Matte, cut_out
from jobs.gpu.engine.messages import ALL_PAINTS, Edit
from jobs.gpu.engine.paints import WORKING_SIDE, Paints, tell_paints
from jobs.gpu.engine.protect import protected_pixels
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.instance import Instance
from jobs.gpu.engine.selection import in_reading_order, select
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.strangers import strangers_on
from jobs.gpu.engine.surfaces import SKETCH_SIDE, settled
from jobs.gpu.engine.view import full_size, sharpened, shrunk
from jobs.presets import canonical

# These are cut out along their outline; surfaces of a room only end at the picture's edges.
_THINGS: Final = frozenset({"body", "product", "parts", "accessories", "label_text", "logo"})
# The paints of a surface are told at this size: they are drawn to the edges of the picture later.
_SURFACE_SIDE: Final = 512
# Their masks are exact: drawn to the picture's edges, letters would take their ground along.
_EXACT: Final = frozenset({"label_text", "gloss"})
# From this much ink on a pixel is a letter's; and how much of a pixel of the photo must be that.
_SOLID: Final = 200
_MOSTLY: Final = 160
# What lies on a surface or stands in it stays when that is painted or papered.
_PAINTING: Final = frozenset({"recolor", "texture"})


@dataclass(frozen=True)
class Area:
    """What an edit is about. weight: HxW, a new array. matte: of a thing that was cut out. absent:
    the numbers that were asked for and that there are none of.
    """

    weight: Mask
    matte: Matte | None = None
    absent: tuple[int, ...] = ()


class Outlines:
    """Masks of the view, which is in sRGB, enlarged to the photo, their edges where the picture has
    them.
    """

    def __init__(
        self, found: Segmentation, seen: Rgb, factor: int, watch: Stopwatch | None = None
    ) -> None:
        self._watch = watch or Stopwatch()
        with self._watch.measure("outline"):
            self._prepare(found, seen, factor)

    def _prepare(self, found: Segmentation, seen: Rgb, factor: int) -> None:
        self._small = shrunk(seen, SKETCH_SIDE)
        self.found, perspective = settled(found, self._small)
        self.perspective = perspective.scaled(factor)
        self.seen = seen
        self._factor = factor
        self._edges = EdgeFollower(seen) if found.masks else None
        self._paints: dict[str, Paints] = {}

    def area(self, name: str, edit: Edit, rgb: Rgb, spared: Mask | None = None) -> Area:
        """The part of a concept that an edit is about, in a photo (HxWx3).

        `spared`, a mask of the view, is not part of it, such as letters that are protected.
        """
        mask = self.found.masks[name]
        mask, absent = self._chosen(name, mask, edit)
        if spared is not None:
            mask = np.asarray(cv2.subtract(mask, _fitted(spared, mask.shape)), np.uint8)
        if canonical(name) in _THINGS and mask.any():
            matte = self._cut_out(rgb, mask)
            return Area(matte.alpha, matte, absent)
        with self._watch.measure("outline"):
            drawn = self._drawn(_fitted(mask, self.seen.shape))
            if edit.action in _PAINTING and edit.paint != ALL_PAINTS:
                others = self._before(name)
                if others is not None:
                    drawn = np.asarray(cv2.subtract(drawn, self._drawn(others)), np.uint8)
            full = full_size(drawn, rgb.shape[:2], self._factor)
            return Area(sharpened(full, self._factor), None, absent)

    def product(self, background: str, rgb: Rgb) -> Matte:
        """What stands before the concept of that name in a photo (HxWx3), cut out."""
        return self._cut_out(rgb, np.asarray(255 - self.found.masks[background], np.uint8))

    def instances(self, name: str) -> tuple[Instance, ...]:
        """What clients can choose from, in the order of the numbers: things told apart, or the
        paints of one thing when they were looked for."""
        if name in self._paints:
            return self._paints[name].instances
        return in_reading_order(self.found.instances.get(name, ()))

    def light(self) -> RoomLight:
        """The light in the photo."""
        ceiling = next((n for n in self.found.masks if canonical(n) == "ceiling"), None)
        mask = self.found.masks[ceiling] if ceiling else None
        return RoomLight(self._small, mask, self._watch)

    def protected(self, names: Sequence[str], shape: tuple[int, int]) -> BoolMask:
        """The pixels of the photo to be left alone: the masks as found and as drawn; of letters and
        highlights only what is all theirs, since their rim has the colour of their ground."""
        with self._watch.measure("outline"):
            masks = [mask for name, mask in self._masks(names) if canonical(name) not in _EXACT]
            if masks:
                masks.append(self._drawn(np.maximum.reduce(masks)))
            protected = protected_pixels(masks, shape, self._factor)
            fine = self.fine(names)
            if fine is not None:
                solid = (fine >= _SOLID).astype(np.uint8) * np.uint8(255)
                protected |= full_size(solid, shape, self._factor) >= _MOSTLY
            return protected

    def fine(self, names: Sequence[str]) -> Mask | None:
        """Those of the names whose masks are exact, together."""
        masks = [mask for name, mask in self._masks(names) if canonical(name) in _EXACT]
        return np.maximum.reduce(masks) if masks else None

    def _masks(self, names: Sequence[str]) -> list[tuple[str, Mask]]:
        return [(name, self.found.masks[name]) for name in names if name in self.found.masks]

    def _chosen(self, name: str, mask: Mask, edit: Edit) -> tuple[Mask, tuple[int, ...]]:
        """The instances that are meant, and of these the paint that is meant, as one mask."""
        things = self.found.instances.get(name, ())
        absent: tuple[int, ...] = ()
        if len(things) > 1 and edit.instances is not None:
            mask, absent = select(mask, things, edit.instances)
        one_paint = edit.action == "recolor" and edit.paint != ALL_PAINTS
        numbered = edit.instances if len(things) <= 1 else None
        if not mask.any() or not (one_paint or numbered):
            return mask, absent
        with self._watch.measure("paints"):
            thing = canonical(name) in _THINGS
            side = WORKING_SIDE if thing else _SURFACE_SIDE
            paints = tell_paints(self.seen, mask, side=side, worn=thing)
        if len(things) <= 1:
            self._paints[name] = paints
        count = len(paints.found)
        numbers = numbered or (0,)
        absent += tuple(number for number in numbers if number >= count)
        numbers = tuple(number for number in numbers if number < count)
        if len(numbers) == count:
            nobodys = _fitted(paints.nobodys, mask.shape)
            return np.asarray(cv2.subtract(mask, nobodys), np.uint8), absent
        return paints.mask(numbers), absent

    def _before(self, name: str) -> Mask | None:
        """What hangs on a surface or stands in it and was taken for it; None for nothing."""
        match canonical(name):
            case "wall" | "ceiling":
                return strangers_on(self.found.masks[name], self._small)
            case "floor":
                return legs_in(self.found.masks[name], self._small)
        return None

    def _cut_out(self, rgb: Rgb, mask: Mask) -> Matte:
        with self._watch.measure("cut_out"):
            return cut_out(rgb, mask)

    def _drawn(self, mask: Mask) -> Mask:
        assert self._edges is not None
        return self._edges.draw(mask)


def _fitted(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask at another size."""
    size = (shape[1], shape[0])
    if (mask.shape[1], mask.shape[0]) == size:
        return mask
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)
