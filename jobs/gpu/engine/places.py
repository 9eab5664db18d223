"""Where in a photo the concepts lie, for clients that let people point at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.segmenters.instance import box_of
from jobs.gpu.engine.selection import shares

_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """One instance of a concept, or one paint of a thing.

    box: left, top, right, bottom as shares (0-1) of the photo's width and height. share: 0-1, how
    much of the concept's area it is. score: the backend's own, None where it gives none. colour: of
    a paint, as #rrggbb.
    """

    box: tuple[float, float, float, float]
    share: float
    score: float | None = None
    colour: str | None = None

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "box": [round(side, _DIGITS) for side in self.box],
            "share": round(self.share, _DIGITS),
        }
        if self.score is not None:
            body["score"] = round(self.score, _DIGITS)
        if self.colour is not None:
            body["colour"] = self.colour
        return body


Places = Mapping[str, tuple[Place, ...]]
"""By concept, in the order in which edits number them."""


def places_of(outlines: Outlines) -> Places:
    """Of every concept that was found well enough for an edit, whether it was edited or not.

    What is not told apart is one place, number 0.
    """
    places = {}
    for name, mask in outlines.found.masks.items():
        if name in outlines.found.doubtful:
            continue
        told_apart = outlines.instances(name)
        if told_apart and told_apart[0].colour is not None:
            places[name] = tuple(Place(one.box, one.score, None, one.colour) for one in told_apart)
        elif len(told_apart) > 1:
            parts = zip(told_apart, shares(mask, told_apart), strict=True)
            places[name] = tuple(Place(one.box, share, one.score) for one, share in parts)
        elif mask.any():
            score = told_apart[0].score if told_apart else None
            places[name] = (Place(box_of(mask), 1.0, score),)
    return places
