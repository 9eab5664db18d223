"""The contact sheet: every photo before and after, side by side."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

TILE = (420, 300)
GAP = 12
CAPTION = 26
PAPER = "#f6f5f2"
INK = "#3b3a36"
PAIRS_PER_ROW = 2


def contact_sheet(pairs: Sequence[tuple[str, Path, bytes]], *, scale: float = 1.0) -> Image.Image:
    """A sheet of (caption, photo before, PNG after), two pairs in a row."""
    rows = -(-len(pairs) // PAIRS_PER_ROW)
    pair_width = 2 * TILE[0] + 2 + GAP
    row_height = TILE[1] + CAPTION + GAP
    sheet = Image.new("RGB", (PAIRS_PER_ROW * pair_width + GAP, rows * row_height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, (caption, before, after) in enumerate(pairs):
        row, column = divmod(number, PAIRS_PER_ROW)
        left, top = GAP + column * pair_width, GAP + row * row_height
        draw.text((left, top), caption, fill=INK, font=font)
        sheet.paste(_tile(before.read_bytes()), (left, top + CAPTION))
        sheet.paste(_tile(after), (left + TILE[0] + 2, top + CAPTION))
    if scale == 1.0:
        return sheet
    return sheet.resize(
        (round(sheet.width * scale), round(sheet.height * scale)), Image.Resampling.LANCZOS
    )


def _tile(data: bytes) -> Image.Image:
    """The photo as a person sees it, on white, cut to the tile's shape."""
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "P"):
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright.convert("RGBA"))
    return ImageOps.fit(upright.convert("RGB"), TILE, Image.Resampling.LANCZOS)


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as a person sees the photo."""
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).size
