"""What stands behind a thing, and its shade."""

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Floats
from jobs.gpu.engine.backdrop import backdrop_of

PURPLE, GREY = (140, 64, 158), (128, 128, 128)


def distance(sheet: tuple[int, int, int], part: tuple[int, int, int]) -> Floats:
    """How far from a sheet a part is that lies on it."""
    picture = np.full((120, 120, 3), sheet, np.uint8)
    picture[40:80, 40:80] = part
    known = np.ones((120, 120), np.bool_)
    known[35:85, 35:85] = False
    found = backdrop_of(picture, known)
    assert found is not None
    return found.distance[45:75, 45:75]


def test_a_coloured_sheet_in_the_shade_is_the_sheet() -> None:
    # Six tenths of the light, in sRGB.
    assert float(distance(PURPLE, (112, 49, 127)).max()) < 0.5


@pytest.mark.parametrize("part", [(90, 90, 90), (40, 18, 45), (127, 49, 60), (235, 220, 240)])
def test_another_hue_hardly_any_light_and_more_light_are_not(part: tuple[int, int, int]) -> None:
    assert float(distance(PURPLE, part).min()) > 10


def test_on_a_grey_sheet_dark_grey_may_be_a_thing() -> None:
    assert float(distance(GREY, (70, 70, 70)).min()) > 10


def test_hardly_anything_known_is_no_backdrop() -> None:
    picture = np.full((50, 50, 3), PURPLE, np.uint8)
    assert backdrop_of(picture, np.zeros((50, 50), np.bool_)) is None
