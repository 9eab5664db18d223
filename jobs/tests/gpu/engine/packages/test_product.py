from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.arrays import BoolMask, Rgb
from jobs.gpu.engine.packages.product import around, centred, details
from jobs.gpu.engine.packages.subject import Box

RED = (200, 30, 30)


def on_white(height: int, width: int, box: Box) -> Rgb:
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[box.top : box.bottom, box.left : box.right] = RED
    return picture


def edges(picture: Rgb) -> Box:
    red: BoolMask = np.all(np.abs(picture.astype(int) - RED) < 60, axis=2)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


@pytest.mark.parametrize(
    "box", [Box(10, 20, 110, 60), Box(300, 150, 400, 199), Box(0, 0, 60, 190)], ids=str
)
@pytest.mark.parametrize("size", [(1000, 1000), (1080, 1920), (500, 300)])
def test_a_product_stands_in_the_middle_and_fills_its_share(
    box: Box, size: tuple[int, int]
) -> None:
    shown = centred(on_white(200, 400, box), box, size, 0.8, "#FFFFFF")

    assert shown.shape == (size[1], size[0], 3)
    found = edges(shown)
    assert abs(found.left - (size[0] - found.right)) <= 4
    assert abs(found.top - (size[1] - found.bottom)) <= 4
    scale = min(size[0] * 0.8 / box.width, size[1] * 0.8 / box.height, 4.0)
    assert abs(found.width - box.width * scale) <= 6
    assert abs(found.height - box.height * scale) <= 6


def test_what_is_white_takes_the_colour_of_the_sheet() -> None:
    box = Box(100, 50, 200, 150)

    shown = centred(on_white(200, 300, box), box, (600, 600), 0.5, "#F4F2EE")

    assert {tuple(shown[y, x]) for y, x in ((0, 0), (599, 599), (0, 300))} == {(0xF4, 0xF2, 0xEE)}


def test_a_photo_without_a_product_is_shown_whole() -> None:
    picture = np.full((100, 200, 3), RED, np.uint8)

    found = edges(centred(picture, None, (500, 500), 1.0, "#FFFFFF"))

    assert (found.width, found.height) == (500, 250)


def test_around_a_product_is_room_as_far_as_the_picture_goes() -> None:
    box = Box(50, 20, 150, 60)

    assert around(on_white(100, 200, box), box).shape == (64, 124, 3)
    assert around(on_white(100, 200, box), Box(0, 0, 200, 100)).shape == (100, 200, 3)
    assert around(on_white(100, 200, box), None).shape == (100, 200, 3)


@pytest.mark.parametrize("shape", [(400, 900), (900, 400), (600, 600)])
def test_details_are_four_squares_of_the_product_where_most_happens(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    picture = np.full((1000, 1200, 3), 255, np.uint8)
    box = Box(100, 50, 100 + shape[1], 50 + shape[0])
    picture[box.top : box.bottom, box.left : box.right] = 128
    lively = np.s_[box.top : box.top + shape[0] // 2, box.left : box.left + shape[1] // 2]
    picture[lively] = random.integers(0, 255, picture[lively].shape)
    mask = np.zeros((500, 600), np.uint8)
    mask[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] = 255

    found = details(picture, box, mask, 4, 200)

    assert len(found) == 4
    assert all(one.shape[0] == one.shape[1] <= 200 for one in found)
    # The liveliest is among them, and nothing that is mostly background.
    assert max(float(one.std()) for one in found) > 20
    assert all(float((one == 255).all(axis=2).mean()) < 0.3 for one in found)


def test_the_same_product_has_the_same_details() -> None:
    random = np.random.default_rng(2)
    picture = random.integers(0, 255, (300, 500, 3)).astype(np.uint8)

    first, second = (details(picture, None, None, 4, 100) for _ in range(2))

    assert [one.tobytes() for one in first] == [one.tobytes() for one in second]


def test_a_tiny_product_breaks_nothing() -> None:
    picture = np.full((20, 30, 3), RED, np.uint8)

    assert details(picture, Box(3, 3, 9, 8), None, 4, 100)
    assert centred(picture, Box(3, 3, 4, 4), (500, 500), 0.85, "#FFFFFF").shape == (500, 500, 3)
