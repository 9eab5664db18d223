"""Boards and cards: pictures that show photos beside each other, with captions and a palette.

Pictures come and go as RGB arrays of uint8 in sRGB, height × width × 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import simplejpeg
from PIL import Image, ImageDraw, ImageOps

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.packages.lettering import write

PAPER: Final = "#FAF9F7"
INK: Final = "#2B2A28"
FAINT: Final = "#77746E"
LINE: Final = "#DEDBD5"
QUALITY: Final = 90

PANE: Final = 1200  # longest side of a photo in a pair
PAIR_MARGIN, PAIR_CAPTION, PAIR_LINE = 48, 72, 4
CARD: Final = (1080, 1350)
CARD_MARGIN, CARD_TITLE, CARD_GAP, SWATCHES = 56, 76, 12, 132
CHIP: Final = 64
MOST_CHIPS: Final = 6
CHOICE_CAPTION: Final = 72
SHEET_WIDTH, SHEET_MARGIN, SHEET_GAP, SHEET_CAPTION, SHEET_TITLE = 2000, 60, 24, 44, 90


LEADS: Final = 4  # columns of a sheet whose first picture leads

# So many columns up to so many pictures.
COLUMNS: Final = ((3, 9), (4, 24), (6, 60))
WIDE_COLUMNS: Final = ((1, 1), (2, 8), (3, 24), (4, 60))


class Chip(NamedTuple):
    """A colour of a palette, and what it is called."""

    name: str
    colour: tuple[int, int, int]


class Labels(NamedTuple):
    """What the two photos of a pair are called."""

    before: str
    after: str


KOREAN: Final = Labels("전", "후")


def encode_board(board: Rgb) -> bytes:
    """A JPEG without metadata; colour is not subsampled, which would fray the letters."""
    return _encoded(board, "444")


def encode_photo(picture: Rgb) -> bytes:
    """A JPEG without metadata of a picture without letters."""
    return _encoded(picture, "420")


def _encoded(picture: Rgb, subsampling: str) -> bytes:
    encoded: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(picture),
        quality=QUALITY,
        colorspace="RGB",
        colorsubsampling=subsampling,
    )
    return encoded


def before_after(before: Rgb, after: Rgb, caption: str, labels: Labels = KOREAN) -> Rgb:
    """Both photos side by side in the same crop, the first one's shape, with a thin line between
    them.
    """
    height, width = before.shape[:2]
    scale = min(1.0, PANE / max(height, width))
    pane = (max(1, round(width * scale)), max(1, round(height * scale)))
    size = (2 * (PAIR_MARGIN + pane[0]) + PAIR_LINE, PAIR_MARGIN + pane[1] + 2 * PAIR_CAPTION)
    board = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(board)
    left = PAIR_MARGIN
    right = left + pane[0] + PAIR_LINE
    board.paste(_cut(before, pane), (left, PAIR_MARGIN))
    board.paste(_cut(after, pane), (right, PAIR_MARGIN))
    line = PAIR_MARGIN + pane[1] + PAIR_CAPTION // 2
    write(draw, labels.before, (left, line), size=32, width=pane[0], ink=FAINT)
    write(draw, labels.after, (right, line), size=32, width=pane[0], ink=INK)
    write(draw, caption, (left, line + PAIR_CAPTION), size=28, width=2 * pane[0], ink=INK)
    return np.asarray(board)


def strip(before: Rgb, after: Rgb) -> Rgb:
    """Both photos side by side as in `before_after`, without paper and letters."""
    height, width = before.shape[:2]
    board = Image.new("RGB", (2 * width + PAIR_LINE, height), PAPER)
    board.paste(Image.fromarray(before), (0, 0))
    board.paste(_cut(after, (width, height)), (width + PAIR_LINE, 0))
    return np.asarray(board)


def share_card(
    before: Rgb, after: Rgb, title: str, palette: Sequence[Chip], labels: Labels = KOREAN
) -> Rgb:
    """1080 × 1350: the title, both photos, and up to six colours with their names.

    Wide photos stand above each other, tall ones beside each other, cut to fill the card.
    """
    board = Image.new("RGB", CARD, PAPER)
    draw = ImageDraw.Draw(board)
    inner = CARD[0] - 2 * CARD_MARGIN
    write(draw, title, (CARD_MARGIN, CARD_MARGIN + 22), size=44, width=inner, ink=INK)
    top = CARD_MARGIN + CARD_TITLE
    bottom = CARD[1] - CARD_MARGIN - (SWATCHES if palette else 0)
    wide = before.shape[1] >= before.shape[0]
    pane = (
        (inner, (bottom - top - CARD_GAP) // 2) if wide else ((inner - CARD_GAP) // 2, bottom - top)
    )
    second = (
        (CARD_MARGIN, top + pane[1] + CARD_GAP) if wide else (CARD_MARGIN + pane[0] + CARD_GAP, top)
    )
    for photo, place, label in (
        (before, (CARD_MARGIN, top), labels.before),
        (after, second, labels.after),
    ):
        board.paste(_cut(photo, pane), place)
        _tag(draw, label, place)
    _palette(draw, palette[:MOST_CHIPS], bottom, inner)
    return np.asarray(board)


class Cell(NamedTuple):
    """A photo of a board, what stands under it, and the colour that it shows."""

    photo: Rgb
    caption: str
    chip: tuple[int, int, int] | None = None


def choices_board(cells: Sequence[Cell], title: str) -> Rgb:
    """What there is to choose from, large and in one crop, the first one's shape: up to four in
    two columns, up to nine in three, more in four.

    Raises ValueError without cells.
    """
    if not cells:
        raise ValueError("a board needs a photo")
    columns = min(len(cells), next((c for c, most in ((2, 4), (3, 9)) if len(cells) <= most), 4))
    inner = SHEET_WIDTH - 2 * SHEET_MARGIN
    width = (inner - SHEET_GAP * (columns - 1)) // columns
    shape = cells[0].photo.shape
    # A panorama or a tower would leave no room for anything else.
    height = min(max(round(width * shape[0] / shape[1]), width // 2), width * 3 // 2)
    step = height + CHOICE_CAPTION + SHEET_GAP
    rows = -(-len(cells) // columns)
    size = (SHEET_WIDTH, 2 * SHEET_MARGIN + SHEET_TITLE + rows * step - SHEET_GAP)
    board = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(board)
    write(draw, title, (SHEET_MARGIN, SHEET_MARGIN + 24), size=44, width=inner, ink=INK)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        left = SHEET_MARGIN + column * (width + SHEET_GAP)
        top = SHEET_MARGIN + SHEET_TITLE + row * step
        board.paste(_cut(cell.photo, (width, height)), (left, top))
        line, text = top + height + CHOICE_CAPTION // 2, left
        if cell.chip is not None:
            box = (left, line - 18, left + 36, line + 18)
            draw.rounded_rectangle(box, 6, fill=cell.chip, outline=LINE)
            text += 52
        write(draw, cell.caption, (text, line), size=32, width=left + width - text, ink=INK)
    return np.asarray(board)


class ContactSheet:
    """An overview of up to `count` pictures, added one by one so that only the sheet is in memory.

    ratio: how high a place is, as a share of its width; that of the first picture, within reason,
    where it is not said. columns: as many as there is room for, where it is not said. leads: the
    first picture takes the room of four, with the next four beside it, in four columns.
    """

    def __init__(
        self,
        count: int,
        title: str,
        *,
        ratio: float | None = None,
        columns: int | None = None,
        leads: bool = False,
    ) -> None:
        self._count, self._title = count, title
        self._ratio, self._columns_asked = ratio, LEADS if leads else columns
        self._leads = leads
        self._added = 0

    def add(self, photo: Rgb, caption: str) -> None:
        """The whole photo, in the next place, standing on its caption."""
        if not self._added:
            self._begin(self._ratio or min(max(photo.shape[0] / photo.shape[1], 0.2), 1.25))
        row, column, span = self._place(self._added)
        self._added += 1
        left = SHEET_MARGIN + column * (self._tile + SHEET_GAP)
        top = SHEET_MARGIN + SHEET_TITLE + row * self._step
        box = (
            span * self._tile + (span - 1) * SHEET_GAP,
            self._tile_height + (span - 1) * self._step,
        )
        shown = ImageOps.contain(Image.fromarray(photo), box, Image.Resampling.LANCZOS)
        if span > 1:
            # To the edges of what stands beside it, captions included.
            shown = ImageOps.pad(shown, box, color=tuple(int(one) for one in photo[0, 0]))
        place = (left + (box[0] - shown.width) // 2, top + box[1] - shown.height)
        self._sheet.paste(shown, place)
        edge = (place[0] - 1, place[1] - 1, place[0] + shown.width, place[1] + shown.height)
        self._draw.rectangle(edge, outline=LINE)
        line = (left + box[0] // 2, top + box[1] + SHEET_CAPTION // 2)
        write(self._draw, caption, line, size=24, width=box[0], ink=FAINT, anchor="mm")

    def picture(self) -> Rgb:
        """The sheet, no longer than what was added. Raises ValueError while there is nothing."""
        if not self._added:
            raise ValueError("a sheet needs a photo")
        return np.asarray(self._sheet.crop((0, 0, SHEET_WIDTH, self._height(self._added))))

    def _place(self, number: int) -> tuple[int, int, int]:
        """Row, column, and how many rows and columns the picture takes."""
        if not self._leads:
            return *divmod(number, self._columns), 1
        if number == 0:
            return 0, 0, 2
        if number < 5:
            return (number - 1) // 2, 2 + (number - 1) % 2, 1
        row, column = divmod(number - 5, self._columns)
        return 2 + row, column, 1

    def _begin(self, ratio: float) -> None:
        ladder = WIDE_COLUMNS if ratio < 0.5 else COLUMNS
        many = next((c for c, most in ladder if self._count <= most), 8)
        most = LEADS if self._leads else self._count
        self._columns = max(1, min(self._columns_asked or many, most))
        inner = SHEET_WIDTH - 2 * SHEET_MARGIN
        self._tile = (inner - SHEET_GAP * (self._columns - 1)) // self._columns
        self._tile_height = round(self._tile * ratio)
        self._step = self._tile_height + SHEET_CAPTION + SHEET_GAP
        size = (SHEET_WIDTH, self._height(self._count))
        self._sheet = Image.new("RGB", size, PAPER)
        self._draw = ImageDraw.Draw(self._sheet)
        place = (SHEET_MARGIN, SHEET_MARGIN + 24)
        write(self._draw, self._title, place, size=44, width=inner, ink=INK)

    def _height(self, count: int) -> int:
        rows = max(row + span for row, _, span in map(self._place, range(count)))
        return 2 * SHEET_MARGIN + SHEET_TITLE + rows * self._step - SHEET_GAP


def _cut(photo: Rgb, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(Image.fromarray(photo), size, Image.Resampling.LANCZOS)


def _tag(draw: ImageDraw.ImageDraw, label: str, place: tuple[int, int]) -> None:
    """The label on a small plate in the photo's upper left corner."""
    left, top = place[0] + 16, place[1] + 16
    width = 36 + 28 * len(label)
    draw.rounded_rectangle((left, top, left + width, top + 48), 24, fill=PAPER)
    middle = (left + width // 2, top + 24)
    write(draw, label, middle, size=26, width=width - 16, ink=INK, anchor="mm")


def _palette(draw: ImageDraw.ImageDraw, palette: Sequence[Chip], top: int, width: int) -> None:
    """The chips in one row, each with its name beneath."""
    for number, chip in enumerate(palette):
        place = width // len(palette)
        left = CARD_MARGIN + number * place
        box = (left, top + 28, left + CHIP, top + 28 + CHIP)
        draw.rounded_rectangle(box, 8, fill=chip.colour, outline=LINE)
        name = (left, top + SWATCHES - 16)
        write(draw, chip.name, name, size=24, width=place - 12, ink=FAINT)
