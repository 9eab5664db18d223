"""The values an action understands, as data, and how a client may spell them.

Plain data without Django: what the engine paints with, the API offers and checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Colour = tuple[int, int, int]

# Mean colours of common finishes by family, sRGB. Woods are taken from the lit part of a planed
# surface.
FAMILIES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "wood": {
            "oak": "#C19A6B", "ash": "#D2BC97", "maple": "#DDBE92", "birch": "#E0C9A2",
            "pine": "#D9AE73", "beech": "#CFA077", "cherry": "#9C5A3C", "teak": "#A0703F",
            "walnut": "#6B4A35", "mahogany": "#6E3325", "wenge": "#46352D", "ebony": "#33291F",
        },
        "neutral": {
            "white": "#F4F4F2", "offwhite": "#EEEAE0", "ivory": "#F1EBD6", "cream": "#F2E6C9",
            "grey": "#9A9A98", "lightgrey": "#C9C9C7", "darkgrey": "#5C5D5E",
            "charcoal": "#3C3F42", "black": "#1E1E1F", "silver": "#BFC1C2",
        },
        "earth": {
            "greige": "#BDB2A2", "beige": "#D9C7A7", "sand": "#D6BE96", "taupe": "#8F8073",
            "khaki": "#A89F78", "brown": "#76533B", "chocolate": "#4F3426", "caramel": "#B9783F",
            "terracotta": "#C2674A", "brick": "#9E4A3A",
        },
        "colour": {
            "red": "#B3302C", "burgundy": "#6D2335", "coral": "#E87A63", "pink": "#E3A7B0",
            "rose": "#C97B84", "orange": "#DC7F32", "mustard": "#C99A2E", "yellow": "#E6C647",
            "gold": "#C6A24A", "olive": "#737A45", "sage": "#A3AE93", "mint": "#AFD6BF",
            "green": "#4E7F56", "forest": "#2F523D", "teal": "#2F7477", "turquoise": "#4FB0AE",
            "sky": "#9CC4DE", "blue": "#3A66A4", "navy": "#25345A", "indigo": "#3F4377",
            "purple": "#6E4B87", "lavender": "#B8A9CF", "lilac": "#C6AFCB",
        },
    }
)  # fmt: skip
MATERIALS: Final[Mapping[str, str]] = MappingProxyType(
    {name: colour for family in FAMILIES.values() for name, colour in family.items()}
)

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


def find_texture(value: str) -> str | None:
    """The pattern of that name, with or without a grade; None when there is no such pattern."""
    name = normalised(value)
    stem, _, grade = name.rpartition("_")
    if name not in TEXTURES and grade in GRADES:
        name = normalised(stem)
    return name if name in TEXTURES else None


def find_tone(value: str) -> tuple[str, float] | None:
    """The tone and its strength of "warm" or "warm:0.5"; None for an unknown tone or a strength
    that is no number from 0 to 1.
    """
    name, colon, amount = value.partition(":")
    name = normalised(name)
    if name not in TONES:
        return None
    if not colon:
        return name, 1.0
    try:
        strength = float(amount)
    except ValueError:
        return None
    return (name, strength) if 0 <= strength <= 1 else None


def understands(action: str, value: str) -> bool:
    """Whether an action knows what to do with a value; an empty one asks for its default."""
    if action == "remove" or not value.strip():
        return True
    match action:
        case "recolor":
            return parse_hex(value) is not None or find_material(value) is not None
        case "texture":
            return find_texture(value) is not None
        case "tone":
            return find_tone(value) is not None
    raise ValueError(f"no action {action!r}")


def shade(colour: Colour, lighter: float) -> Colour:
    """The colour `lighter` steps of L* further (CIE 1976 L*a*b*, D65), as near as sRGB has it.

    sRGB: IEC 61966-2-1. L*a*b*: CIE 15:2004, eq. 8.3 to 8.5.
    """
    linear = [_decoded(channel / 255) for channel in colour]
    xyz = [sum(weight * value for weight, value in zip(row, linear, strict=True)) for row in _XYZ]
    x, y, z = (_root(value / white) for value, white in zip(xyz, _D65, strict=True))
    target = min(max(116 * y - 16 + lighter, 0.0), 100.0)
    moved = (target + 16) / 116
    # a* = 500 (x - y) and b* = 200 (y - z) stay: x and z go along with y.
    roots = (moved + x - y, moved, moved - (y - z))
    bright = [white * _unroot(root) for root, white in zip(roots, _D65, strict=True)]
    red, green, blue = (
        round(255 * _encoded(sum(w * v for w, v in zip(row, bright, strict=True)))) for row in _RGB
    )
    return red, green, blue


# Linear sRGB to CIE XYZ and back, and the white of D65 (IEC 61966-2-1).
_XYZ: Final = (
    (0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505),
)  # fmt: skip
_RGB: Final = (
    (3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570),
)  # fmt: skip
_D65: Final = (0.9505, 1.0, 1.089)
_KNEE: Final = 6 / 29  # where CIE's cube root turns into a line


def _decoded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _encoded(light: float) -> float:
    light = min(max(light, 0.0), 1.0)
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


def _root(ratio: float) -> float:
    return float(ratio ** (1 / 3)) if ratio > _KNEE**3 else ratio / (3 * _KNEE**2) + 4 / 29


def _unroot(root: float) -> float:
    return root**3 if root > _KNEE else 3 * _KNEE**2 * (root - 4 / 29)
