from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.legs import legs_in
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.segmenters.base import Segmentation

SEAT = np.s_[90:120, 120:200]
LEG = np.s_[120:180, 150:156]
TIP = np.s_[140:180, 150:156]


def chair(seat: int = 40, leg: int = 40, floor: int = 190) -> tuple[Rgb, Mask]:
    """240x320: a wall, a floor from row 100 on, and a seat with a leg, whose last 40 rows were
    taken for floor."""
    rgb = np.full((240, 320, 3), 225, np.uint8)
    rgb[100:] = floor
    rgb[SEAT], rgb[LEG] = seat, leg
    mask = np.zeros((240, 320), np.uint8)
    mask[100:] = 255
    mask[SEAT] = mask[120:140, 148:158] = 0
    return rgb, mask


@pytest.mark.parametrize(("colour", "floor"), [(40, 190), (230, 60)])
def test_the_end_of_a_leg_that_was_taken_for_floor_is_found(colour: int, floor: int) -> None:
    rgb, mask = chair(colour, colour, floor)
    found = legs_in(mask, rgb)
    assert found is not None
    assert found[TIP].min() == 255
    found[139:181, 149:157] = 0  # a pixel about it
    assert not found.any()


def test_of_a_picture_that_is_larger_than_its_reduced_copy_the_leg_is_as_large() -> None:
    rgb, mask = chair()
    found = legs_in(np.kron(mask, np.ones((2, 2), np.uint8)), rgb)
    assert found is not None
    assert found.shape == (480, 640)
    assert found[284:356, 302:310].min() == 255
    assert not found[:270].any()


def test_seams_shadows_and_what_lies_on_the_floor_are_no_legs() -> None:
    rgb, mask = chair()
    rgb[LEG] = 190
    rgb[100:, 60] = rgb[100:, 250] = 60  # seams, that go on as the picture ends
    rgb[120:200, 160:200] = 90  # a shadow under the seat
    rgb[150:190, 20:25] = 40  # a strip that comes from nowhere
    assert legs_in(mask, rgb) is None


def test_a_leg_that_runs_out_of_the_picture_is_no_end_of_a_leg() -> None:
    rgb, mask = chair()
    rgb[120:, 150:156] = 40
    assert legs_in(mask, rgb) is None


def test_a_leg_of_another_colour_than_what_it_comes_from_is_a_thing_on_the_floor() -> None:
    rgb, mask = chair(leg=120, seat=40)
    rgb[120:140, 150:156] = 40
    assert legs_in(mask, rgb) is None


def test_without_a_floor_there_are_no_legs() -> None:
    rgb, mask = chair()
    assert legs_in(np.zeros_like(mask), rgb) is None


def test_a_floor_is_laid_about_a_leg_and_recoloured_whole_when_all_of_it_is_meant() -> None:
    rgb, mask = chair()
    outlines = Outlines(Segmentation({"Floor": mask}), rgb, 1)
    laid = outlines.area("Floor", Edit("texture", "marble"), rgb).weight
    assert laid[145:178, 151:155].max() == 0
    assert laid[145:178, 165:].min() == 255
    everything = outlines.area("Floor", Edit("recolor", "sage", paint="all"), rgb).weight
    assert everything[150:175, 151:155].min() > 128
