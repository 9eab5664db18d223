"""The backend that needs no graphics card: a classical room segmenter and a small network.

It offers few concepts and says so for the rest. A wrong door is worse than no door.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.segmenters.base import Segmentation, canonical
from jobs.gpu.engine.segmenters.body import find_body
from jobs.gpu.engine.segmenters.room import SURFACES, find_surfaces

_SURFACES: Final = {canonical(name): name for name in SURFACES}
_BODY: Final = frozenset({"body", "product"})
_BACKGROUND: Final = "background"


class CpuSegmenter:
    """Wall, Floor, Ceiling, and Body (also asked for as Product) with its Background."""

    name = "cpu"

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """See `Segmenter.segment`. Each model runs at most once, and only when it is needed."""
        wanted = {canonical(concept) for concept in concepts}
        found: dict[str, Mask | None] = {}
        if wanted & _SURFACES.keys():
            surfaces = find_surfaces(rgb)
            found.update({key: surfaces.get(name) for key, name in _SURFACES.items()})
        if wanted & (_BODY | {_BACKGROUND}):
            body = find_body(rgb)
            found.update(dict.fromkeys(_BODY, body))
            found[_BACKGROUND] = None if body is None else 255 - body
        return _sorted_out(concepts, found)


def _sorted_out(concepts: Sequence[str], found: dict[str, Mask | None]) -> Segmentation:
    masks: dict[str, Mask] = {}
    not_found: list[str] = []
    unsupported: list[str] = []
    for concept in dict.fromkeys(concepts):
        key = canonical(concept)
        mask = found.get(key)
        if mask is not None:
            masks[concept] = mask
        elif key in found:
            not_found.append(concept)
        else:
            unsupported.append(concept)
    return Segmentation(masks, tuple(not_found), tuple(unsupported))
