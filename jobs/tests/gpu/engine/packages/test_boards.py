from __future__ import annotations

import io
import unicodedata

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.packages import boards
from jobs.gpu.engine.packages.boards import (
    Cell,
    Chip,
    ContactSheet,
    before_after,
    choices_board,
    share_card,
    strip,
)
from jobs.gpu.engine.packages.lettering import fitted, font_of, legible

RED, BLUE, PAPER = [200, 30, 30], [30, 30, 200], [250, 249, 247]
OAK = Chip("바닥 · 오크", (193, 154, 107))


def plain(colour: list[int], height: int, width: int) -> Rgb:
    return np.full((height, width, 3), colour, np.uint8)


def box_of(board: Rgb, colour: list[int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a colour, the last two not of it any more."""
    rows, columns = np.nonzero((board == colour).all(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def tables(picture: Image.Image) -> dict[int, list[int]]:
    """The quantization of a JPEG, which is what a quality means."""
    assert isinstance(picture, JpegImageFile)
    return {number: list(table) for number, table in picture.quantization.items()}


def test_a_pair_stands_side_by_side_at_one_size_with_a_thin_line_between() -> None:
    board = before_after(plain(RED, 300, 400), plain(BLUE, 300, 400), "주방")
    assert box_of(board, RED) == (48, 48, 448, 348)
    assert box_of(board, BLUE) == (452, 48, 852, 348)
    assert board.shape == (492, 900, 3)


def test_a_large_pair_is_made_smaller_and_another_shape_is_cut_to_the_first() -> None:
    board = before_after(plain(RED, 3000, 4000), plain(BLUE, 500, 500), "")
    assert box_of(board, RED) == (48, 48, 1248, 948)
    assert box_of(board, BLUE) == (1252, 48, 2452, 948)


@pytest.mark.parametrize(
    ("size", "first", "second"),
    [
        ((600, 800), (56, 132, 1024, 641), (56, 653, 1024, 1162)),
        ((800, 600), (56, 132, 534, 1162), (546, 132, 1024, 1162)),
    ],
    ids=["wide", "tall"],
)
def test_a_card_has_its_size_and_the_photos_fill_it(
    size: tuple[int, int], first: tuple[int, int, int, int], second: tuple[int, int, int, int]
) -> None:
    card = share_card(plain(RED, *size), plain(BLUE, *size), "거실", [OAK])
    assert card.shape == (1350, 1080, 3)
    assert box_of(card, RED) == first
    assert box_of(card, BLUE) == second
    assert box_of(card, list(OAK.colour)) == (57, 1191, 120, 1254)


def test_no_letter_and_no_chip_is_in_the_margin() -> None:
    chips = [Chip("아주 긴 이름의 마감재 " * 4, (1, 2, 3))] * 9
    card = share_card(plain(RED, 600, 800), plain(BLUE, 600, 800), "긴 제목 " * 40, chips)
    inside = card.copy()
    inside[40:-40, 50:-50] = PAPER
    assert (inside == PAPER).all()


def test_without_a_palette_the_photos_take_its_place() -> None:
    card = share_card(plain(RED, 600, 800), plain(BLUE, 600, 800), "거실", [])
    assert box_of(card, BLUE)[3] == 1350 - 56


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (9, 3), (10, 4), (61, 8), (200, 8)])
def test_a_contact_sheet_has_a_place_for_every_photo(count: int, columns: int) -> None:
    sheet = ContactSheet(count, "전체")
    for number in range(count):
        sheet.add(plain(BLUE if number == count - 1 else RED, 90, 120), f"사진 {number}")
    picture = sheet.picture()
    left, top, right, bottom = box_of(picture, BLUE)
    tile = (2000 - 120 - 24 * (columns - 1)) // columns
    assert left == 60 + (count - 1) % columns * (tile + 24)
    assert top == 150 + (count - 1) // columns * (round(tile * 0.75) + 68)
    assert abs(right - left - tile) <= 1
    assert picture.shape[1] == 2000
    assert 0 < picture.shape[0] - bottom <= 60 + 44


def test_a_sheet_takes_the_shape_of_its_first_photo_and_ends_with_its_last() -> None:
    sheet = ContactSheet(9, "전체")
    sheet.add(plain(RED, 100, 200), "넓은 사진")
    sheet.add(plain(BLUE, 200, 100), "높은 사진")
    picture = sheet.picture()

    left, top, right, bottom = box_of(picture, RED)
    assert (left, top, right) == (60, 150, 60 + 610)
    assert bottom - top == 305
    # The tall one stands on its caption as well, and is no higher.
    assert box_of(picture, BLUE)[1::2] == (top, bottom)
    # Of nine places two are taken: one row.
    assert picture.shape[0] == bottom + 44 + 60


@pytest.mark.parametrize(
    ("number", "place", "side"),
    [(0, (60, 150), 928), (1, (1012, 150), 452), (4, (1488, 670), 452), (5, (60, 1190), 452)],
)
def test_the_first_of_a_sheet_may_lead_with_four_beside_it(
    number: int, place: tuple[int, int], side: int
) -> None:
    sheet = ContactSheet(7, "상품", ratio=1.0, leads=True)
    for added in range(7):
        sheet.add(plain(BLUE if added == number else RED, 300, 300), "사진")
    left, top, right, bottom = box_of(sheet.picture(), BLUE)

    assert ((left, top), right - left) == (place, side)
    # It ends where the small ones beside it end.
    assert bottom == (1122 if number in (0, 4) else top + side)


def test_a_leading_picture_is_shown_whole_on_its_own_background() -> None:
    alone = ContactSheet(5, "상품", ratio=1.0, leads=True)
    picture = plain(BLUE, 300, 300)
    picture[100:200, :] = RED
    alone.add(picture, "대표")
    sheet = alone.picture()

    assert box_of(sheet, BLUE) == (60, 150, 60 + 928, sheet.shape[0] - 104)
    assert box_of(sheet, RED)[::2] == (60, 60 + 928), "nothing of it is cut"


def test_a_sheet_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="needs a photo"):
        ContactSheet(3, "전체").picture()


def test_a_strip_has_both_photos_in_the_first_ones_shape() -> None:
    board = strip(plain(RED, 300, 400), plain(BLUE, 500, 500))

    assert board.shape == (300, 804, 3)
    assert box_of(board, RED) == (0, 0, 400, 300)
    assert box_of(board, BLUE) == (404, 0, 804, 300)


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4), (12, 4)]
)
def test_choices_stand_in_equal_places_with_their_colours(count: int, columns: int) -> None:
    cells = [Cell(plain(RED, 300, 400), f"시안 {number}") for number in range(count - 1)]
    board = choices_board([*cells, Cell(plain(BLUE, 300, 400), "오크", OAK.colour)], "시안")
    width = (2000 - 120 - 24 * (columns - 1)) // columns
    height = round(width * 3 / 4)
    left = 60 + (count - 1) % columns * (width + 24)
    top = 150 + (count - 1) // columns * (height + 96)
    assert box_of(board, BLUE) == (left, top, left + width, top + height)
    chip = box_of(board, list(OAK.colour))
    assert (chip[0], chip[2]) == (left + 1, left + 36)
    assert board.shape == (top + height + 72 + 60, 2000, 3)


@pytest.mark.parametrize(("size", "height"), [((100, 900), 464), ((900, 100), 1392)])
def test_choices_of_an_extreme_shape_are_cut(size: tuple[int, int], height: int) -> None:
    board = choices_board([Cell(plain(c, *size), "") for c in (RED, BLUE)], "")
    assert box_of(board, RED)[3] - 150 == height


def test_a_board_of_no_choices_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a photo"):
        choices_board([], "시안")


def test_a_board_is_a_jpeg_without_metadata() -> None:
    encoded = boards.encode_board(plain(RED, 40, 60))
    with Image.open(io.BytesIO(encoded)) as opened:
        assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (60, 40))
        assert not opened.getexif()
        assert "icc_profile" not in opened.info
        again = io.BytesIO()
        Image.fromarray(plain(RED, 40, 60)).save(again, "JPEG", quality=90, subsampling=0)
        with Image.open(again) as theirs:
            assert tables(opened) == tables(theirs)


def test_the_font_has_every_hangul_syllable() -> None:
    font = font_of(24)
    missing = bytes(font.getmask("\U0010fffe"))
    assert [c for c in map(chr, range(0xAC00, 0xD7A4)) if bytes(font.getmask(c)) == missing] == []
    assert bytes(font.getmask("전")) != bytes(font.getmask("후"))


def test_a_long_line_is_cut_to_its_width_with_an_ellipsis() -> None:
    line = fitted("현관 " * 50, 24, 300)
    assert line.endswith(("관…", "현…"))
    assert 250 < font_of(24).getlength(line) <= 300
    assert fitted(" 현관\n하나 ", 24, 300) == "현관 하나"


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("우리 집 Café №1 — ₩39,000", "우리 집 Café №1 — ₩39,000"),
        (unicodedata.normalize("NFD", "우리 집 Café"), "우리 집 Café"),
        ("거실 😀\U0001f3e0\ufe0f 봄", "거실 봄"),
        ("\u202eabc\u200b\x07\n둘째 줄", "abc 둘째 줄"),
        ("👨\u200d👩\u200d👧", ""),
    ],
)
def test_what_the_font_cannot_draw_is_left_out_and_hangul_in_parts_is_put_together(
    written: str, drawn: str
) -> None:
    assert legible(written) == drawn
    assert fitted(written, 30, 2000) == drawn
