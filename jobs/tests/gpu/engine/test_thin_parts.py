"""Thin parts of a product in what the looks say."""

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Floats
from jobs.gpu.engine.segmenters.thin_parts import joined, ridges, sure_and_thin

SIDE = 512


def looks(width: int, sure: float) -> Floats:
    """A body that the looks are sure of, and above it a part so wide that they are less sure of."""
    seen = np.zeros((SIDE, SIDE), np.float32)
    seen[300:500, 100:400] = 0.99
    seen[100:300, 250 : 250 + width] = sure
    return seen


def alike(share: float) -> Floats:
    return np.full((SIDE, SIDE), share, np.float32)


@pytest.mark.parametrize(
    ("sure", "like_backdrop", "found"),
    [(0.4, 0.1, True), (0.4, 0.6, False), (0.2, 0.1, False), (0.8, 0.9, True)],
)
def test_a_faint_cord_is_found_by_colours_of_its_own(
    sure: float, like_backdrop: float, found: bool
) -> None:
    seen = ridges(looks(3, sure), alike(like_backdrop))
    assert bool(seen[120:280, 251].all()) is found
    assert not seen[:, :240].any()


def test_without_a_word_on_colours_only_a_sure_cord_is_found() -> None:
    assert not ridges(looks(3, 0.4), None)[120:280].any()
    assert ridges(looks(3, 0.8), None)[120:280, 251].all()


@pytest.mark.parametrize(
    ("width", "like_backdrop", "found"), [(20, 0.1, True), (20, 0.6, False), (60, 0.1, False)]
)
def test_a_strap_is_found_and_what_is_wider_is_none(
    width: int, like_backdrop: float, found: bool
) -> None:
    seen = ridges(looks(width, 0.7), alike(like_backdrop))
    assert bool(seen[140:240, 253 : 247 + width].all()) is found
    assert bool(seen[140:240].any()) is found


def test_the_body_is_no_thin_part() -> None:
    seen = looks(3, 0.8)
    assert not ridges(seen, alike(0.1))[310:490, 110:390].any()
    assert not sure_and_thin(seen)[310:490, 110:390].any()
    assert sure_and_thin(seen)[120:280, 251].all()


def test_a_gap_before_a_thin_part_closes_where_the_looks_see_something() -> None:
    kept = looks(3, 0.8)
    kept[296:300] = 0
    seen = looks(3, 0.8)
    seen[296:300] = 0.3
    thin = np.zeros((SIDE, SIDE), np.bool_)
    thin[100:296, 250:253] = True
    assert (joined(kept, seen, thin)[296:300, 251] > 0.5).all()
    seen[296:300] = 0.1
    assert np.array_equal(joined(kept, seen, thin), kept)


def test_a_bay_of_one_part_is_no_gap() -> None:
    kept = looks(3, 0.8)
    kept[296:300, 254:258] = 0.8
    seen = np.maximum(kept, np.float32(0.4))
    thin = np.zeros((SIDE, SIDE), np.bool_)
    thin[100:300, 250:253] = True
    assert np.array_equal(joined(kept, seen, thin), kept)


@pytest.mark.parametrize("shape", [(1, 1), (2, 512), (512, 2), (9, 9)])
def test_odd_sizes_are_no_trouble(shape: tuple[int, int]) -> None:
    seen = np.full(shape, 0.6, np.float32)
    assert ridges(seen, seen).shape == shape
    assert sure_and_thin(seen).shape == shape
    assert joined(seen, seen, seen > 0).shape == shape
