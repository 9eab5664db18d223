"""Which colours lie behind a thing, and which are its own."""

import numpy as np
import pytest

from jobs.gpu.engine.segmenters.likeness import like_backdrop

SIDE = 60


def test_colours_are_told_by_where_they_are_seen() -> None:
    picture = np.full((SIDE, SIDE, 3), (200, 30, 30), np.uint8)
    picture[:, 20:40] = (30, 30, 200)
    picture[:, 40:] = (240, 240, 240)
    picture[0, 0] = (20, 240, 20)
    thing, backdrop = np.zeros((2, SIDE, SIDE), np.bool_)
    thing[5:55, 2:18], backdrop[5:55, 22:58] = True, True
    like = like_backdrop(picture, thing, backdrop)
    assert like is not None
    assert float(like[10:50, 2:18].max()) < 0.01
    assert float(like[10:50, 22:38].min()) > 0.99
    assert float(like[10:50, 42:58].min()) > 0.99
    assert like[0, 0] == pytest.approx(0.5, abs=0.1)


def test_of_too_little_nothing_is_told() -> None:
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    some, none = np.ones((SIDE, SIDE), np.bool_), np.zeros((SIDE, SIDE), np.bool_)
    assert like_backdrop(picture, some, none) is None
    assert like_backdrop(picture, none, some) is None
