"""Paints of a thing: one per colour, whatever the light does to it."""

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.paints import Paints, tell_paints
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.tests.gpu.engine.pictures import FixedSegmenter, opened, png_file

SIDE = 160
RED, WHITE, BLUE = (176, 32, 36), (236, 236, 234), (40, 70, 190)


def lit(colours: Rgb, *, darkest: float = 0.25, seed: int = 1) -> Rgb:
    """Colours under a light that falls off to the right, with grain."""
    fall = np.linspace(1.0, darkest, SIDE)[np.newaxis, :, np.newaxis]
    grain = np.random.default_rng(seed).normal(0, 2, (SIDE, SIDE, 1))
    linear = (colours / 255.0) ** 2.2 * fall
    return np.clip(linear ** (1 / 2.2) * 255 + grain, 0, 255).astype(np.uint8)


def plain(colour: tuple[int, int, int]) -> Rgb:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def whole() -> Mask:
    return np.full((SIDE, SIDE), 255, np.uint8)


def told(rgb: Rgb) -> Paints:
    return tell_paints(rgb, whole())


@pytest.mark.parametrize("colour", [RED, BLUE, (120, 84, 52), (190, 190, 190), (40, 40, 44)])
def test_a_paint_that_fades_from_light_to_dark_stays_whole(colour: tuple[int, int, int]) -> None:
    paints = told(lit(plain(colour)))
    assert len(paints.found) == 1
    assert (paints.labels == 0).all()


def test_two_paints_are_told_apart_wherever_the_light_falls() -> None:
    colours = plain(RED)
    colours[100:] = BLUE
    paints = told(lit(colours))
    assert [round(paint.share, 2) for paint in paints.found] == [0.62, 0.38]
    red = paints.mask((0,))
    assert (red[:98] == 255).all()
    assert (red[102:] == 0).all()


def test_a_shoe_with_white_soles_means_its_colour() -> None:
    colours = plain(WHITE)
    colours[:64] = BLUE
    paints = told(lit(colours, darkest=0.7))
    assert paints.found[0].share == pytest.approx(0.4, abs=0.02)
    assert paints.found[0].colour[2] > 120 > paints.found[0].colour[0]


def test_a_white_shoe_with_a_small_stripe_means_white() -> None:
    colours = plain(WHITE)
    colours[:24] = BLUE
    assert min(told(lit(colours, darkest=0.7)).found[0].colour) > 180


def test_black_counts_as_much_as_colour() -> None:
    colours = plain((24, 24, 26))
    colours[90:] = RED
    assert max(told(lit(colours, darkest=0.8)).found[0].colour) < 60


def test_a_weave_of_two_colours_is_one_paint() -> None:
    picked = np.random.default_rng(3).random((SIDE, SIDE, 1)) < 0.5
    assert len(told(np.where(picked, plain(BLUE), plain(WHITE)).astype(np.uint8)).found) == 1


def test_specks_are_no_paint_and_stay() -> None:
    colours = plain(RED)
    colours[70:76, 70:76] = (30, 200, 40)
    paints = told(lit(colours))
    assert len(paints.found) == 1
    assert paints.mask((0,))[72:74, 72:74].max() == 0


def test_what_is_too_small_to_tell_is_one_paint() -> None:
    few = np.zeros((SIDE, SIDE), np.uint8)
    few[10:14, 10:14] = 255
    paints = tell_paints(lit(plain(RED)), few)
    assert [paint.share for paint in paints.found] == [1.0]
    assert (paints.labels >= 0).sum() == 16


def test_the_same_picture_has_the_same_paints() -> None:
    colours = plain(RED)
    colours[40:90, 30:90] = WHITE
    one, two = told(lit(colours)), told(lit(colours))
    assert one.found == two.found
    assert np.array_equal(one.labels, two.labels)


def two_tone() -> Rgb:
    colours = plain(RED)
    colours[100:] = BLUE
    return lit(colours, darkest=0.8)


def edited(edit: Edit, concept: str = "Wall") -> EditedPhoto:
    engine = Engine(FixedSegmenter({concept: whole()}))
    return engine.edit(png_file(two_tone()), {concept: edit}, ())


def moved(result: EditedPhoto) -> tuple[bool, bool]:
    """Whether the red and the blue half changed, each away from their border."""
    differs = (opened(result.png) != two_tone()).any(axis=2)
    return bool(differs[:90].mean() > 0.9), bool(differs[110:].mean() > 0.9)


@pytest.mark.parametrize("concept", ["Wall", "Body"])
@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (Edit("recolor", "sage"), (True, False)),
        (Edit("recolor", "sage", (0,)), (True, False)),
        (Edit("recolor", "sage", (1,)), (False, True)),
        (Edit("recolor", "sage", (0, 1)), (True, True)),
        (Edit("recolor", "sage", None, "all"), (True, True)),
        (Edit("tone", "dark"), (True, True)),
        (Edit("tone", "dark", (1,)), (False, True)),
    ],
)
def test_an_edit_moves_the_paint_that_is_meant(
    concept: str, edit: Edit, changed: tuple[bool, bool]
) -> None:
    assert moved(edited(edit, concept)) == changed


def test_a_result_tells_the_paints_that_can_be_chosen() -> None:
    places = edited(Edit("recolor", "sage")).places["Wall"]
    assert [round(one.share, 2) for one in places] == [0.62, 0.38]
    assert all(one.colour is not None and len(one.colour) == 7 for one in places)
    assert [one.score for one in places] == [None, None]
    assert places[1].box[1] == pytest.approx(100 / SIDE, abs=0.02)


def test_a_paint_that_there_is_none_of_is_said() -> None:
    result = edited(Edit("recolor", "sage", (1, 5)))
    assert result.warnings == ("Wall: no instance 5, there are 2, from 0 to 1",)
    assert moved(result) == (False, True)


def test_a_pale_lilac_bag_with_black_straps_means_lilac() -> None:
    colours = plain((167, 163, 184))
    colours[94:] = (34, 33, 31)
    assert min(told(lit(colours, darkest=0.85)).found[0].colour) > 120


TAN, SKIN = (150, 104, 60), (222, 172, 148)


def test_a_hand_is_not_the_paint_that_moves_though_it_covers_more() -> None:
    colours = plain(SKIN)
    colours[:70] = WHITE
    paints = told(lit(colours, darkest=0.7))
    assert min(paints.found[0].colour) > 180
    assert paints.found[0].share == pytest.approx(0.44, abs=0.02)


@pytest.mark.parametrize("skin", [SKIN, (198, 134, 102), (116, 76, 56), (84, 54, 40)])
def test_skin_of_any_tone_stays_when_a_red_dress_moves(skin: tuple[int, int, int]) -> None:
    colours = plain(RED)
    colours[110:] = skin
    moving = told(lit(colours, darkest=0.6)).mask((0,))
    assert moving[:105].mean() > 250
    assert moving[115:].mean() < 5


def test_a_warm_white_that_fades_into_its_shade_is_no_skin() -> None:
    fall = np.linspace(0, 1, SIDE)[:, np.newaxis, np.newaxis]
    shades = (1 - fall) * np.array((206, 194, 182)) + fall * np.array((150, 122, 106))
    paints = told(np.repeat(shades, SIDE, axis=1).astype(np.uint8))
    assert len(paints.found) == 1
    assert (paints.labels == 0).all()


def test_a_thing_of_leather_alone_moves_whole_though_it_has_the_hue_of_skin() -> None:
    paints = told(lit(plain(TAN)))
    assert len(paints.found) == 1
    assert (paints.labels == 0).all()


def test_a_wall_in_the_colour_of_skin_is_no_person() -> None:
    colours = plain(SKIN)
    colours[:70] = WHITE
    paints = tell_paints(lit(colours, darkest=0.7), whole(), worn=False)
    assert paints.found[0].share == pytest.approx(0.56, abs=0.02)


def test_two_dark_paints_end_where_they_meet_and_not_along_their_grain() -> None:
    colours = plain((38, 42, 66))
    colours[100:] = (18, 18, 20)
    grain = np.random.default_rng(5).normal(0, 7, (SIDE, SIDE, 3))
    navy = told(np.clip(colours + grain, 0, 255).astype(np.uint8)).mask((0,))
    assert navy[:96].mean() > 252
    assert navy[104:].mean() < 3
