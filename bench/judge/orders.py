"""What is ordered of a photo: a kind of order is the same on every photo, so that means compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from jobs.gpu.engine.messages import Edit

Edits = Mapping[str, Edit]

# Taken to be protected when the client names nothing (contract §6).
PROTECTED: Final[Mapping[str, tuple[str, ...]]] = {
    "room": ("Grout", "Frame_Molding", "Glass_highlight"),
    "product": ("Label_Text", "Logo", "Gloss"),
}
SHEET: Final = "#e9dcc9"

ROOM: Final[Mapping[str, Edits]] = {
    "sage_oak": {"Wall": Edit("recolor", "sage"), "Floor": Edit("texture", "oak")},
    "white_wall": {"Wall": Edit("recolor", "white")},
    "navy_marble": {"Wall": Edit("recolor", "navy"), "Floor": Edit("texture", "marble")},
    "terracotta": {
        "Wall": Edit("recolor", "terracotta"),
        "Floor": Edit("texture", "herringbone"),
        "Ceiling": Edit("recolor", "white"),
    },
    "cabinet": {"Cabinet": Edit("recolor", "forest")},
}
PRODUCT: Final[Mapping[str, Callable[[str], Edits]]] = {
    "body": lambda colour: {"Body": Edit("recolor", colour)},
    "remove": lambda _: {"Background": Edit("remove")},
    "sheet": lambda _: {"Background": Edit("recolor", SHEET)},
}


def edits_of(order: str) -> Edits:
    """The edits of an order: its kind, and for a product's body the colour after a colon
    (`body:coral`). Raises KeyError when there is no such kind."""
    kind, _, colour = order.partition(":")
    return ROOM[kind] if kind in ROOM else PRODUCT[kind](colour)


def kind_of(order: str) -> str:
    return order.partition(":")[0]
