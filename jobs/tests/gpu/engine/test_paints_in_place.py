"""Paints that colours alone do not tell: labels, dials, metal, people, things beside things."""

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.paints import Paints, tell_paints

SIDE = 240
AMBER, GREY, WHITE, BLACK = (180, 72, 8), (146, 134, 126), (238, 236, 232), (26, 26, 27)
PLUM, HAIR, NAVY, STEEL = (66, 38, 48), (44, 34, 28), (46, 48, 68), (138, 136, 132)
PINK, RED, SKIN = (244, 150, 190), (176, 32, 36), (222, 172, 148)


def plain(colour: tuple[int, int, int]) -> Rgb:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def grained(colours: Rgb, amount: float = 2.0) -> Rgb:
    grain = np.random.default_rng(7).normal(0, amount, (SIDE, SIDE, 1))
    return np.clip(colours + grain, 0, 255).astype(np.uint8)


def lit(colours: Rgb, darkest: float = 0.35) -> Rgb:
    """Under a light that falls off to the right, with grain."""
    fall = np.linspace(1.0, darkest, SIDE)[np.newaxis, :, np.newaxis]
    return grained(np.asarray(((colours / 255.0) ** 2.2 * fall) ** (1 / 2.2) * 255, np.uint8))


def whole() -> Mask:
    return np.full((SIDE, SIDE), 255, np.uint8)


def moving(rgb: Rgb, mask: Mask | None = None) -> Mask:
    """Where the paint is that moves by itself."""
    return at_full_size(tell_paints(rgb, whole() if mask is None else mask))


def at_full_size(paints: Paints) -> Mask:
    assert paints.labels.shape == (SIDE, SIDE)
    return paints.mask((0,))


def disc(centre: tuple[int, int], radius: int) -> Mask:
    return np.asarray(cv2.circle(np.zeros((SIDE, SIDE), np.uint8), centre, radius, 255, -1))


def test_a_bottle_with_a_grey_label_over_half_of_it_means_its_glass() -> None:
    colours = plain(AMBER)
    colours[70:200] = GREY
    glass = moving(grained(colours))
    assert glass[:66].mean() > 250
    assert glass[204:].mean() > 250
    assert glass[76:194].mean() < 5


def test_grey_that_ends_a_coloured_thing_is_no_label() -> None:
    colours = plain(AMBER)
    colours[90:] = GREY
    assert moving(grained(colours))[100:].mean() > 250


def test_a_white_chair_stays_though_the_gloss_of_the_balloon_above_it_is_as_white() -> None:
    ball, chair = disc((120, 70), 60), np.zeros((SIDE, SIDE), np.uint8)
    chair[170:230, 90:150] = 255
    gloss = cv2.GaussianBlur(disc((100, 50), 22), (0, 0), 12)[..., np.newaxis] / 255.0
    colours = np.where(chair[..., np.newaxis] > 0, plain(WHITE), plain(PINK))
    colours = np.asarray(colours * (1 - gloss) + 250 * gloss, np.uint8)
    balloon = moving(grained(colours, 1.0), np.maximum(ball, chair))
    assert balloon[ball > 0].mean() > 245
    assert balloon[chair > 0].mean() < 3


def test_the_dial_of_a_steel_watch_stays_when_the_steel_moves() -> None:
    dial = disc((120, 120), 50) > 0
    steps = np.linspace(0.45, 1.5, SIDE)[:, np.newaxis, np.newaxis]
    colours = np.clip(plain(STEEL) * steps, 0, 255).astype(np.uint8)
    colours[dial] = (214, 214, 210)
    steel = moving(grained(colours, 4.0))
    assert steel[disc((120, 120), 46) > 0].mean() < 3
    assert steel[disc((120, 120), 55) == 0].mean() > 252


@pytest.mark.parametrize(("mirrors", "stays"), [(36, True), (0, False)])
def test_metal_on_black_stays_and_a_lit_side_of_black_moves(mirrors: int, stays: bool) -> None:
    fall = 14 + 176 * np.linspace(0, 1, SIDE)[np.newaxis, :, np.newaxis] ** 3
    colours = np.repeat(np.repeat(fall, SIDE, axis=0), 3, axis=2)
    # What metal mirrors are lines and patches; a matt side is even.
    bands = np.where(np.arange(70) // 4 % 2 > 0, 150 + mirrors, 150 - mirrors)
    colours[80:150, 10:60] = bands[:, np.newaxis, np.newaxis]
    blurred = cv2.GaussianBlur(grained(colours.astype(np.uint8)), (0, 0), 0.8)
    black = moving(blurred.astype(np.uint8))
    assert bool(black[86:144, 16:54].mean() < 60) is stays
    assert black[20:60].mean() > 250


def test_a_plum_cap_and_dark_hair_are_two_paints_though_grain_hides_their_hues() -> None:
    colours = plain(PLUM).astype(np.float64)
    colours[140:] = HAIR
    # The ribs of a knit and locks of hair, and the grain of a photo.
    colours *= 1 + 0.5 * np.sin(np.arange(SIDE) / 3)[np.newaxis, :, np.newaxis]
    grain = np.random.default_rng(2).normal(0, 9, (SIDE, SIDE, 3))
    cap = moving(np.clip(colours + grain, 0, 255).astype(np.uint8))
    assert cap[:130].mean() > 245
    assert cap[150:].mean() < 10


def test_a_black_handle_in_the_light_is_as_black_as_the_straps() -> None:
    colours = plain(NAVY)
    colours[:, 40:70] = colours[:, 160:190] = (28, 28, 26)
    colours[:24] = (54, 54, 52)
    grain = np.random.default_rng(3).normal(0, 10, (SIDE, SIDE, 3))
    navy = moving(np.clip(colours + grain, 0, 255).astype(np.uint8))
    assert navy[:18].mean() < 25
    assert navy[50:, 84:146].mean() > 245


def test_the_tint_of_a_glass_beside_a_bottle_is_not_the_bottle() -> None:
    bottle, glass = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    bottle[20:220, 20:110] = 255
    glass[120:220, 150:220] = 255
    colours = plain((96, 104, 20))
    colours[120:220, 150:220] = (212, 208, 190)
    colours[196:220, 150:220] = (96, 104, 20)
    moved = moving(grained(colours), np.maximum(bottle, glass))
    assert moved[bottle > 0].mean() > 245
    assert moved[glass > 0].max() == 0


def test_both_shoes_of_a_pair_move() -> None:
    shoes = np.zeros((SIDE, SIDE), np.uint8)
    shoes[40:200, 20:100] = shoes[60:220, 140:220] = 255
    assert moving(grained(plain(RED)), shoes)[shoes > 0].mean() > 245


def test_lips_do_not_move_with_a_dress_of_their_colour() -> None:
    colours = plain(SKIN)
    colours[120:] = RED
    colours[60:68, 100:126] = RED
    dress = moving(lit(colours, 0.7))
    assert dress[58:70, 96:130].max() == 0
    assert dress[128:].mean() > 250


def test_skin_that_the_sun_bleaches_does_not_move_with_a_white_dress() -> None:
    colours = plain((240, 236, 232))
    colours[150:] = (214, 168, 142)
    colours[150:, 150:] = (240, 205, 186)
    dress = moving(grained(colours, 1.0))
    assert dress[:144].mean() > 250
    assert dress[158:].mean() < 5


def test_the_rim_of_a_black_strap_before_white_is_black() -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[90:220, 30:210] = 255
    mask[30:90, 100:120] = 255
    colours = np.where(mask[..., np.newaxis] > 0, plain((104, 100, 122)), plain((255, 255, 255)))
    colours[30:90, 100:120] = BLACK
    soft = cv2.GaussianBlur(colours.astype(np.uint8), (0, 0), 1.2).astype(np.uint8)
    assert moving(soft, mask)[34:84].max() == 0


def test_the_same_picture_has_the_same_parts() -> None:
    colours = plain(STEEL)
    colours[disc((120, 120), 50) > 0] = (214, 214, 210)
    one, two = (tell_paints(grained(colours), whole()) for _ in range(2))
    assert one.found == two.found
    assert np.array_equal(one.labels, two.labels)
