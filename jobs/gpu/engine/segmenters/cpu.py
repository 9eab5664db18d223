"""The backend that needs no graphics card: four small networks, and classical image analysis.

It offers few concepts and says so for the rest. A wrong door is worse than no door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.consensus import agreed
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.body import FoundBody, find_body
from jobs.gpu.engine.segmenters.instance import Instance, box_of
from jobs.gpu.engine.segmenters.lines import find_gloss, find_grout
from jobs.gpu.engine.segmenters.outline import enlarged
from jobs.gpu.engine.segmenters.room import SURFACES, THINGS, FoundInRoom, look_at_room
from jobs.gpu.engine.segmenters.text import FoundText, find_text
from jobs.gpu.engine.segmenters.trust import risk_of
from jobs.gpu.engine.view import shrunk
from jobs.presets import canonical

# The longest side of the picture whose colours vote on the network's answer.
_VOTING_SIDE: Final = 640
# From this chance of a bad mask on a surface is not edited: so at least four masks that share less
# than half with their outline are refused for each that shares 0.7 (docs/judge.md).
_MOST_RISK: Final = 1 / 3
_ROOM: Final = {canonical(name): name for name in (*SURFACES, *THINGS)}
_BODY: Final = frozenset({"body", "product"})
_BACKGROUND: Final = "background"
_TEXT: Final = "label_text"
_GLOSS: Final = "gloss"
_GROUT: Final = "grout"
SUPPORTED: Final = _ROOM.keys() | _BODY | {_BACKGROUND, _TEXT, _GLOSS, _GROUT}


class CpuSegmenter:
    """Wall, Floor, Ceiling, Window, Cabinet; Body (or Product), Background, Label_Text, Gloss;
    Grout close up."""

    name = "cpu"
    version = "14"

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """See `Segmenter.segment`. Each model runs at most once, and only when it is needed."""
        masks: dict[str, Mask] = {}
        instances: dict[str, tuple[Instance, ...]] = {}
        not_found: list[str] = []
        unsupported: list[str] = []
        doubtful: set[str] = set()
        looks = _Looks(rgb)
        for concept in dict.fromkeys(concepts):
            key = canonical(concept)
            if key not in SUPPORTED:
                unsupported.append(concept)
                continue
            mask = looks.mask(key)
            if mask is None:
                not_found.append(concept)
                continue
            masks[concept] = mask
            if told_apart := looks.instances(key, mask):
                instances[concept] = told_apart
            if looks.doubtful(key):
                doubtful.add(concept)
        absent, unknown = tuple(not_found), tuple(unsupported)
        return Segmentation(masks, absent, unknown, instances, frozenset(doubtful))


class _Looks:
    """One picture, each way of looking at it used once at most."""

    def __init__(self, rgb: Rgb) -> None:
        self._rgb = rgb

    def mask(self, key: str) -> Mask | None:
        """The mask of one supported concept, by its canonical name."""
        if key in _ROOM:
            found = self._room.get(_ROOM[key])
            return None if found is None else found.mask
        if key in _BODY:
            return self._body
        if key == _BACKGROUND:
            return None if self._body is None else 255 - self._body
        if key == _TEXT:
            return None if self.text is None else self.text.strokes
        if key == _GROUT:
            return find_grout(self._rgb)
        assert key == _GLOSS
        if self._body is None:
            return None
        return find_gloss(self._rgb, within=self._body)

    def instances(self, key: str, mask: Mask) -> tuple[Instance, ...]:
        """Those of a concept that was found, with its mask; none where they are not told apart."""
        if key == _TEXT and self.text is not None:
            return self.text.lines
        if key in _BODY:
            assert self._found_body is not None
            return (Instance(box_of(mask), self._found_body.score),)
        return self._room[_ROOM[key]].instances if key in _ROOM else ()

    def doubtful(self, key: str) -> bool:
        """Whether a concept that was found was probably found badly."""
        return key in _ROOM and _ROOM[key] in self._badly_found

    @cached_property
    def text(self) -> FoundText | None:
        # Always by way of the product: a mask must not depend on what else was asked for.
        return find_text(self._rgb, within=self._body)

    @cached_property
    def _room(self) -> Mapping[str, FoundInRoom]:
        """What the room is made of, its masks at the size of the picture."""
        return {
            name: replace(found, mask=enlarged(found.mask, self._rgb.shape))
            for name, found in self._voted.items()
        }

    @cached_property
    def _voted(self) -> Mapping[str, FoundInRoom]:
        """What the room is made of, as far as the colours of the picture agree; masks reduced."""
        rough = look_at_room(self._rgb)
        small = shrunk(self._rgb, _VOTING_SIDE)
        side = max(small.shape[:2])
        voted = agreed({name: shrunk(found.mask, side) for name, found in rough.items()}, small)
        return {name: replace(rough[name], mask=mask) for name, mask in voted.items() if mask.any()}

    @cached_property
    def _badly_found(self) -> frozenset[str]:
        return frozenset(
            name
            for name, found in self._voted.items()
            if risk_of(found.mask, found.likely, found.unrest) > _MOST_RISK
        )

    @property
    def _body(self) -> Mask | None:
        return None if self._found_body is None else self._found_body.mask

    @cached_property
    def _found_body(self) -> FoundBody | None:
        return find_body(self._rgb)
