"""The looks in which a package shows a room, as data of the preset (contract §3.5).

Plain data without Django, as `presets.py`. A look is laid over the concepts that a photo has; of
the others nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jobs.presets import Label


@dataclass(frozen=True)
class Look:
    """`edits`: concept → action and value, as in an order."""

    id: str
    label: Label
    edits: Mapping[str, tuple[str, str]]


LOOKS: Final[Mapping[str, tuple[Look, ...]]] = {
    "interior": (
        Look(
            "modern",
            Label("모던", "Modern"),
            {
                "Wall": ("recolor", "#E4E6E8"),
                "Floor": ("recolor", "#A9A9A7"),
                "Ceiling": ("recolor", "white"),
                "Door": ("recolor", "charcoal"),
                "Tile": ("recolor", "lightgrey"),
                "Cabinet": ("recolor", "charcoal"),
                "Countertop": ("recolor", "white"),
                "Light": ("recolor", "black"),
                "Handle": ("recolor", "black"),
            },
        ),
        Look(
            "natural",
            Label("내추럴", "Natural"),
            {
                "Wall": ("recolor", "ivory"),
                "Floor": ("recolor", "oak"),
                "Ceiling": ("recolor", "offwhite"),
                "Door": ("recolor", "oak"),
                "Tile": ("recolor", "sand"),
                "Cabinet": ("recolor", "ash"),
                "Countertop": ("recolor", "beech"),
                "Light": ("tone", "warm:0.5"),
                "Handle": ("recolor", "gold"),
            },
        ),
        Look(
            "hotel",
            Label("호텔", "Hotel"),
            {
                "Wall": ("recolor", "greige"),
                "Floor": ("recolor", "walnut"),
                "Ceiling": ("recolor", "cream"),
                "Door": ("recolor", "walnut"),
                "Tile": ("recolor", "taupe"),
                "Cabinet": ("recolor", "taupe"),
                "Countertop": ("recolor", "cream"),
                "Light": ("tone", "warm"),
                "Handle": ("recolor", "gold"),
            },
        ),
    ),
}

# The colours of an option board where nobody names any.
OPTION_COLOURS: Final = ("black", "white", "beige", "navy", "sage", "burgundy")
