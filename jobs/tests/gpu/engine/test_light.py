from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.actions.base import Canvas
from jobs.gpu.engine.actions.recolor import recolor
from jobs.gpu.engine.actions.texture import texture
from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.coats import evened
from jobs.gpu.engine.light import RoomLight, bleached, enlarged, rolled_off
from jobs.tests.gpu.engine.pictures import mean_lab, region

WALL = np.s_[40:160, 20:280]


def room(wall: int, trim: int) -> tuple[Rgb, Mask]:
    """A gray wall among things of another gray, and its mask."""
    picture = np.full((200, 300, 3), trim, np.uint8)
    picture[WALL] = wall
    mask = np.zeros((200, 300), np.uint8)
    mask[WALL] = 255
    return picture, mask


def painted(picture: Rgb, mask: Mask, value: str, concept: str = "Wall") -> Rgb:
    canvas = Canvas.of(picture)
    assert recolor(canvas, region(mask, concept=concept), value) == ()
    return canvas.rgb


def covered(picture: Rgb, mask: Mask, value: str, concept: str = "Floor") -> Rgb:
    canvas = Canvas.of(picture)
    assert texture(canvas, region(mask, concept=concept), value) == ()
    return canvas.rgb


def white_on(picture: Rgb, mask: Mask, concept: str = "Wall") -> float:
    return RoomLight(picture).white.on(region(mask, concept=concept))[0]


def test_a_white_wall_in_a_dim_room_is_a_dim_white() -> None:
    dim = painted(*room(90, 130), "white")[WALL].mean()
    bright = painted(*room(170, 240), "white")[WALL].mean()
    assert 140 < dim < 200
    assert bright > 225


def test_a_room_with_white_things_in_full_light_is_in_full_light() -> None:
    assert white_on(*room(200, 242)) == 1.0


def test_no_room_is_darker_than_about_a_third() -> None:
    assert white_on(*room(12, 20)) == pytest.approx(0.35)


def test_a_dark_wall_is_not_taken_for_a_dark_room() -> None:
    assert white_on(*room(30, 235)) > 0.5


def test_a_ceiling_is_taken_to_be_paler_than_a_floor() -> None:
    picture, mask = room(110, 200)
    assert white_on(picture, mask, "Ceiling") < white_on(picture, mask, "Floor")


@pytest.mark.parametrize("concept", ["Body", "product", "Label_Text"])
def test_wares_are_shown_in_the_very_colour(concept: str) -> None:
    picture, mask = room(60, 90)
    assert white_on(picture, mask, concept) == 1.0
    after = painted(picture, mask, "#c86432", concept)[WALL].reshape(-1, 3).mean(axis=0)
    assert np.abs(after - (200, 100, 50)).max() <= 2


def test_a_thing_before_a_burnt_out_sheet_is_in_full_light() -> None:
    assert white_on(*room(80, 255), "sofa") == 1.0


def test_the_light_of_a_warm_room_is_warm() -> None:
    warm = np.array([1.0, 0.87, 0.66])
    gray, mask = room(120, 160)
    picture = np.rint(gray * warm).astype(np.uint8)
    ceiling = np.zeros_like(mask)
    ceiling[:40] = 255
    _, colour = RoomLight(picture, ceiling).white.on(region(mask))
    assert colour[0] > 1.02
    assert colour[2] < 0.93
    _, colour = RoomLight(gray, ceiling).white.on(region(mask))
    assert colour == pytest.approx(np.ones(3), abs=0.01)


def test_a_shadow_with_a_sharp_edge_stays_sharp_under_a_new_floor() -> None:
    picture, mask = room(160, 235)
    picture[40:160, 20:150] = 60
    after = covered(picture, mask, "concrete").mean(axis=2)
    shade, lit = after[60:140, 30:145].mean(), after[60:140, 160:270].mean()
    assert shade < 0.6 * lit
    # Half of the step lies within three pixels of where it was.
    across = after[60:140].mean(axis=0)
    assert across[147] < (shade + lit) / 2 < across[153]


def test_a_patch_of_sun_stays_a_patch_of_sun() -> None:
    picture, mask = room(70, 235)
    picture[90:130, 100:180] = 215
    after = covered(picture, mask, "oak").mean(axis=2)
    assert after[95:125, 105:175].mean() > 1.3 * after[60:80, 40:260].mean()


def test_the_old_boards_do_not_show_through_the_new_floor() -> None:
    picture, mask = room(120, 235)
    picture[40:160, 20:280:12] = 96  # gaps between boards
    after = covered(picture, mask, "concrete")[60:140, 40:260].astype(int)
    flat = covered(*room(120, 235), "concrete")[60:140, 40:260].astype(int)
    gaps = np.s_[:, 4::12]
    assert np.abs(after[gaps].mean() - flat[gaps].mean()) < 6


def test_a_highlight_stays_white_on_a_dark_cup() -> None:
    picture, mask = room(110, 20)
    picture[80:84, 100:110] = 250
    after = painted(picture, mask, "navy", "Body")
    assert after[81:83, 102:108].min() > 120
    assert after[100, 200].max() < 100


@pytest.mark.parametrize("value", ["white", "black"])
def test_grain_survives_on_light_and_on_dark_paint(value: str) -> None:
    picture, mask = room(120, 235)
    grain = np.random.default_rng(1).normal(0, 6, (200, 300, 1))
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    after = painted(picture, mask, value)[50:150, 30:270].mean(axis=2)
    before = picture[50:150, 30:270].mean(axis=2)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.9
    assert 1 < after.std() < 12


def test_a_stretched_gradient_has_no_bands() -> None:
    picture, mask = room(20, 235)
    picture[WALL] = np.rint(np.linspace(24, 34, 260)).astype(np.uint8)[np.newaxis, :, np.newaxis]
    after = painted(picture, mask, "white", "Body")[100, 20:280, 0]
    # Ten levels became a hundred; undithered there would be ten.
    assert len(np.unique(after)) > 25
    assert np.array_equal(after, painted(picture, mask, "white", "Body")[100, 20:280, 0])


def test_rolled_off_compresses_and_never_passes_white() -> None:
    coded = np.array([0.0, 100.0, 225.0, 260.0, 1000.0], np.float32)
    rolled = rolled_off(coded, 225.0)
    assert rolled[:3].tolist() == [0.0, 100.0, 225.0]
    assert 225 < rolled[3] < rolled[4] <= 255


def test_what_is_bleached_keeps_its_hue_below_the_knee_and_turns_white_beyond() -> None:
    oak = np.array([200.0, 150.0, 100.0], np.float32)
    coded = (oak * np.array([0.5, 1.1, 1.2, 1.4, 2.0, 4.0], np.float32)[:, np.newaxis])[np.newaxis]
    shown = bleached(coded, 225.0)[0]
    assert np.array_equal(shown[:2], coded[0, :2])
    # At 1.2 the red is 15 beyond: 30 * (1 - exp(-1/2)) are left of it, and exp(-1/4) of the colour.
    red = 225 + 30 * (1 - np.exp(-0.5))
    own = coded[0, 2] * red / 240
    assert shown[2] == pytest.approx(red + (own - red) * np.exp(-0.25), abs=1e-3)
    colourful = (shown.max(axis=1) - shown.min(axis=1)) / shown.max(axis=1)
    assert (np.diff(colourful[1:]) < 0).all()
    assert (np.diff(shown, axis=0) > 0).all()  # what is in more light is lighter
    assert shown[-1] == pytest.approx([255, 255, 255], abs=0.5)
    gray = np.linspace(0, 500, 30, dtype=np.float32)[np.newaxis, :, np.newaxis].repeat(3, axis=2)
    assert bleached(gray, 225.0) == pytest.approx(rolled_off(gray, 225.0), abs=1e-3)


def test_the_image_of_a_window_on_an_oak_floor_is_white_and_on_a_wall_is_the_paints() -> None:
    rgb = np.full((300, 400, 3), 90, np.uint8)
    rgb[100:200, 150:250] = 240
    white = np.s_[130:170, 180:220]
    shown = {}
    for concept in ("Floor", "Wall"):
        canvas = Canvas.of(rgb)
        texture(canvas, region(np.full((300, 400), 255, np.uint8), concept=concept), "oak")
        shown[concept] = canvas.rgb[white].reshape(-1, 3).mean(axis=0)
    assert shown["Floor"].min() > 0.85 * shown["Floor"].max()
    assert shown["Wall"].min() < 0.75 * shown["Wall"].max()


def test_an_enlarged_field_lies_where_it_was() -> None:
    field = np.add.outer(np.arange(8), np.arange(10)).astype(np.float32)
    whole = enlarged(field, slice(0, 80), slice(0, 100), (80, 100))
    assert whole[5:75:10, 5:95:10] == pytest.approx(field[:7, :9] + 0.1, abs=0.02)
    part = enlarged(field, slice(30, 50), slice(70, 90), (80, 100))
    assert part == pytest.approx(whole[30:50, 70:90], abs=1e-3)


def two_coats() -> tuple[Rgb, Mask]:
    picture, mask = room(190, 240)
    picture[40:160, 20:120] = 60
    return picture, mask


def test_a_dark_wall_beside_a_white_one_gets_the_same_colour() -> None:
    after = painted(*two_coats(), "sage")
    dark, light = mean_lab(after[50:150, 30:110]), mean_lab(after[50:150, 130:270])
    assert np.linalg.norm(dark - light) < 3


def test_what_the_light_does_is_no_second_coat() -> None:
    picture, mask = room(190, 240)
    picture[WALL] = np.linspace(60, 200, 260)[np.newaxis, :, np.newaxis].astype(np.uint8)
    inside = (mask / 255).astype(np.float32)
    assert evened(picture[..., 0].astype(np.float32), inside) is None
    after = painted(picture, mask, "sage")
    assert after[100, 270].mean() > 1.8 * after[100, 30].mean()
