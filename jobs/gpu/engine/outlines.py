"""Where the concepts of a photo lie, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.protect import protected_pixels
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.selection import select
from jobs.gpu.engine.view import full_size


class Outlines:
    """Masks of the view, drawn to the edges of the picture and enlarged to the photo."""

    def __init__(self, found: Segmentation, seen: Rgb, factor: int) -> None:
        self.found = found
        self._factor = factor
        self._edges = EdgeFollower(seen) if found.masks else None

    def weight(
        self, name: str, shape: tuple[int, int], chosen: Sequence[int] | None
    ) -> tuple[Mask, tuple[int, ...]]:
        """How much of each pixel of the photo (`shape`) belongs to the concept, a new array, or to
        the chosen instances of it; and the numbers among these that there are none of.
        """
        mask = self.found.masks[name]
        absent: tuple[int, ...] = ()
        if chosen is not None:
            mask, absent = select(mask, self.found.instances.get(name, ()), chosen)
        return full_size(self._drawn(mask), shape, self._factor), absent

    def protected(self, names: Sequence[str], shape: tuple[int, int]) -> BoolMask:
        """The pixels of the photo to be left alone: the masks as found and as drawn."""
        masks = [self.found.masks[name] for name in names if name in self.found.masks]
        if masks:
            masks.append(self._drawn(np.maximum.reduce(masks)))
        return protected_pixels(masks, shape, self._factor)

    def _drawn(self, mask: Mask) -> Mask:
        assert self._edges is not None
        return self._edges.draw(mask)
