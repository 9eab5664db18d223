"""Text on boards, in a font that has all Hangul syllables (fonts/, OFL-1.1)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

FONT: Final = Path(__file__).parent / "fonts" / "Pretendard-Medium.otf"
ELLIPSIS: Final = "…"


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels."""
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


def fitted(text: str, size: int, width: int) -> str:
    """The text, or as much of its beginning as fits into `width` pixels with an ellipsis."""
    font = font_of(size)
    line = " ".join(text.split())
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
