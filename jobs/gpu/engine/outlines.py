"""Where the concepts of a photo lie, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.light import RoomLight
from jobs.gpu.engine.protect import protected_pixels
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.selection import select
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.strangers import strangers_on
from jobs.gpu.engine.surfaces import CEILING, SKETCH_SIDE, WALL, settled
from jobs.gpu.engine.view import full_size, sharpened, shrunk
from jobs.presets import canonical


class Outlines:
    """Masks of the view, which is in sRGB, drawn to the edges of the picture and enlarged to the
    photo."""

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
        self._factor = factor
        self._edges = EdgeFollower(seen) if found.masks else None

    def weight(
        self,
        name: str,
        shape: tuple[int, int],
        chosen: Sequence[int] | None,
        *,
        own_paint: bool = False,
    ) -> tuple[Mask, tuple[int, ...]]:
        """How much of each pixel of the photo (`shape`) belongs to the concept, a new array, or to
        the chosen instances of it; and the numbers among these that there are none of.
        own_paint: without what lies on a surface in another colour.
        """
        with self._watch.measure("outline"):
            mask = self.found.masks[name]
            absent: tuple[int, ...] = ()
            if chosen is not None:
                mask, absent = select(mask, self.found.instances.get(name, ()), chosen)
            drawn = self._drawn(mask)
            if own_paint and canonical(name) in (WALL, CEILING):
                others = strangers_on(mask, self._small)
                if others is not None:
                    drawn = np.asarray(cv2.subtract(drawn, self._drawn(others)), np.uint8)
            full = full_size(drawn, shape, self._factor)
            return sharpened(full, self._factor), absent

    def light(self) -> RoomLight:
        """The light in the photo."""
        ceiling = next((n for n in self.found.masks if canonical(n) == "ceiling"), None)
        mask = self.found.masks[ceiling] if ceiling else None
        return RoomLight(self._small, mask, self._watch)

    def protected(self, names: Sequence[str], shape: tuple[int, int]) -> BoolMask:
        """The pixels of the photo to be left alone: the masks as found and as drawn."""
        with self._watch.measure("outline"):
            masks = [self.found.masks[name] for name in names if name in self.found.masks]
            if masks:
                masks.append(self._drawn(np.maximum.reduce(masks)))
            return protected_pixels(masks, shape, self._factor)

    def _drawn(self, mask: Mask) -> Mask:
        assert self._edges is not None
        return self._edges.draw(mask)
