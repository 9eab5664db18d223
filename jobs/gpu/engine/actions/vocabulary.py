"""The values an action understands, as data, and how a client may spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Colour = tuple[int, int, int]

# Mean colours of common finishes, sRGB. Woods are taken from the lit part of a planed surface.
MATERIALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # woods
        "oak": "#C19A6B", "ash": "#D2BC97", "maple": "#DDBE92", "birch": "#E0C9A2",
        "pine": "#D9AE73", "beech": "#CFA077", "cherry": "#9C5A3C", "teak": "#A0703F",
        "walnut": "#6B4A35", "mahogany": "#6E3325", "wenge": "#46352D", "ebony": "#33291F",
        # whites and neutrals
        "white": "#F4F4F2", "offwhite": "#EEEAE0", "ivory": "#F1EBD6", "cream": "#F2E6C9",
        "grey": "#9A9A98", "lightgrey": "#C9C9C7", "darkgrey": "#5C5D5E",
        "charcoal": "#3C3F42", "black": "#1E1E1F", "silver": "#BFC1C2",
        # earths
        "greige": "#BDB2A2", "beige": "#D9C7A7", "sand": "#D6BE96", "taupe": "#8F8073",
        "khaki": "#A89F78", "brown": "#76533B", "chocolate": "#4F3426", "caramel": "#B9783F",
        "terracotta": "#C2674A", "brick": "#9E4A3A",
        # colours
        "red": "#B3302C", "burgundy": "#6D2335", "coral": "#E87A63", "pink": "#E3A7B0",
        "rose": "#C97B84", "orange": "#DC7F32", "mustard": "#C99A2E", "yellow": "#E6C647",
        "gold": "#C6A24A", "olive": "#737A45", "sage": "#A3AE93", "mint": "#AFD6BF",
        "green": "#4E7F56", "forest": "#2F523D", "teal": "#2F7477", "turquoise": "#4FB0AE",
        "sky": "#9CC4DE", "blue": "#3A66A4", "navy": "#25345A", "indigo": "#3F4377",
        "purple": "#6E4B87", "lavender": "#B8A9CF", "lilac": "#C6AFCB",
    }
)  # fmt: skip

# A finish may be graded: oak_a is the plain one, the others lie lighter or darker (L* steps).
GRADES: Final[Mapping[str, float]] = MappingProxyType({"a": 0.0, "b": 4.0, "c": -6.0, "d": -12.0})

SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gray": "grey", "light_grey": "lightgrey", "light_gray": "lightgrey",
        "dark_grey": "darkgrey", "dark_gray": "darkgrey", "lightgray": "lightgrey",
        "darkgray": "darkgrey", "off_white": "offwhite", "wood": "oak", "navy_blue": "navy",
        "sky_blue": "sky", "skyblue": "sky", "wine": "burgundy", "tiles": "tile",
        "terra_cotta": "terracotta", "bricks": "brick", "parquet": "herringbone",
    }
)  # fmt: skip

TONES: Final = ("warm", "cool", "bright", "dark", "vivid", "muted", "contrast")
TEXTURES: Final = (
    "oak", "walnut", "herringbone", "brick", "terrazzo", "marble", "concrete", "linen", "tile",
)  # fmt: skip

DEFAULT_MATERIAL: Final = "offwhite"
DEFAULT_TONE: Final = "bright"
DEFAULT_TEXTURE: Final = "oak"

_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")


def normalised(value: str) -> str:
    """The spelling the tables use: "Off-White " becomes "offwhite"."""
    key = "_".join(value.casefold().replace("-", " ").replace("_", " ").split())
    return SPELLINGS.get(key, key)


def parse_hex(value: str) -> Colour | None:
    """Read #RGB or #RRGGBB, in any case; None when it is neither."""
    text = value.strip().casefold()
    if not _HEX.fullmatch(text):
        return None
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def find_material(value: str) -> tuple[Colour, float] | None:
    """The colour of a named finish and the L* step of its grade; None when it has no such name."""
    name = normalised(value)
    stem, _, grade = name.rpartition("_")
    if name not in MATERIALS and grade in GRADES:
        name, step = SPELLINGS.get(stem, stem), GRADES[grade]
    else:
        step = 0.0
    colour = parse_hex(MATERIALS.get(name, ""))
    return None if colour is None else (colour, step)
