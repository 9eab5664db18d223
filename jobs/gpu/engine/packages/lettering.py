"""Text on boards, in a font that has all Hangul syllables (fonts/, OFL-1.1)."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

FONT: Final = Path(__file__).parent / "fonts" / "Pretendard-Medium.otf"
ELLIPSIS: Final = "…"
# No character, in any font: what is drawn for it is drawn for all that the font lacks.
_NO_CHARACTER: Final = "\U0010ffff"
_COMPARED_AT: Final = 32  # pixels


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels."""
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


def legible(text: str) -> str:
    """One line of what the font can draw: Hangul that came in parts (NFD, as macOS names files) as
    syllables, and nothing in place of what it lacks, such as emoji and direction marks."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c for c in composed if c.isspace() or _is_drawn(c)).split())


def fitted(text: str, size: int, width: int) -> str:
    """What is legible of the text, or as much of its beginning as fits into `width` pixels with an
    ellipsis."""
    font = font_of(size)
    line = legible(text)
    if font.getlength(line) <= width:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(line[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip() + ELLIPSIS


def write(
    draw: ImageDraw.ImageDraw,
    text: str,
    place: tuple[int, int],
    *,
    size: int,
    width: int,
    ink: str,
    anchor: str = "lm",
) -> None:
    """One line at `place`, which is its left or other `anchor` as Pillow names them, cut to
    `width`.
    """
    draw.text(place, fitted(text, size, width), fill=ink, font=font_of(size), anchor=anchor)


@lru_cache(maxsize=4096)
def _is_drawn(character: str) -> bool:
    # Marks of direction and joiners have a glyph, of nothing.
    return unicodedata.category(character) != "Cf" and _drawn(character) != _drawn(_NO_CHARACTER)


def _drawn(character: str) -> tuple[tuple[int, int], bytes]:
    mask = font_of(_COMPARED_AT).getmask(character)
    return mask.size, bytes(mask)
