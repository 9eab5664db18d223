"""A part of a thing moves whole or not at all, and a small thing of another colour stays."""

import numpy as np

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.coloured_details import without_details
from jobs.gpu.engine.paint_colours import features_of
from jobs.gpu.engine.paint_ranks import likely_meant
from jobs.gpu.engine.paints import tell_paints
from jobs.gpu.engine.whole_parts import whole_parts

SIDE = 400
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)
AWAY = np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2)
BALL = 160
BLACK, GREY, RED, ORANGE, NAVY = (
    (30, 30, 31),
    (120, 120, 122),
    (190, 30, 30),
    (225, 105, 35),
    (14, 26, 54),
)


def plain(colour: tuple[int, int, int]) -> Rgb:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def grained(colours: np.ndarray, amount: float = 2.0) -> Rgb:
    grain = np.random.default_rng(7).normal(0, amount, (SIDE, SIDE, 1))
    return np.clip(colours + grain, 0, 255).astype(np.uint8)


def whole() -> Mask:
    return np.full((SIDE, SIDE), 255, np.uint8)


def moving(rgb: Rgb, mask: Mask | None = None) -> Mask:
    return tell_paints(rgb, whole() if mask is None else mask).mask((0,))


def ball(colour: tuple[int, int, int], ambient: float, *, seams: bool = False) -> tuple[Rgb, Mask]:
    """A ball before white, lit from the left above, and its mask."""
    across, down = (COLUMNS - SIDE / 2) / BALL, (ROWS - SIDE / 2) / BALL
    near = np.sqrt(np.clip(1 - across**2 - down**2, 0, 1))
    shade = ambient + (1 - ambient) * np.clip(-0.5 * across - 0.6 * down + 0.62 * near, 0, 1)
    colours = np.array(colour, np.float32) * shade[..., np.newaxis]
    if seams:
        seam = (np.abs(across) < 0.03) | (np.abs(down) < 0.03)
        colours[seam] = np.array(BLACK, np.float32) * (0.3 + 0.7 * shade[seam][:, np.newaxis])
    inside = AWAY < BALL
    return (
        grained(np.where(inside[..., np.newaxis], colours, 240)),
        inside.astype(np.uint8) * np.uint8(255),
    )


def test_a_red_ball_moves_with_its_dark_side_to_the_rim() -> None:
    for ambient in (0.06, 0.25):
        rgb, mask = ball(RED, ambient)
        assert moving(rgb, mask)[AWAY < BALL - 2].min() == 255


def test_the_seams_of_a_ball_stay_and_its_dark_side_moves() -> None:
    rgb, mask = ball(ORANGE, 0.25, seams=True)
    moved = moving(rgb, mask)
    on_seam = (np.abs(COLUMNS - SIDE / 2) < 3) & (AWAY < BALL - 6)
    off_seam = (np.minimum(np.abs(COLUMNS - SIDE / 2), np.abs(ROWS - SIDE / 2)) > 8) & (
        AWAY < BALL - 2
    )
    assert moved[off_seam].mean() > 254
    assert moved[on_seam].mean() < 3


def test_an_even_surface_has_the_paint_that_most_of_it_surely_is() -> None:
    """As a histogram parts it: a blotch in the shade of a fold goes with black."""
    fold = 45 * np.exp(-(((COLUMNS - 300) / 40) ** 2))[..., np.newaxis]
    rgb = np.where(COLUMNS[..., np.newaxis] < 200, plain(BLACK), plain(GREY) - fold)
    labels = (COLUMNS >= 200).astype(np.int32)
    labels[150:250, 290:310] = 0
    settled = whole_parts(features_of(grained(rgb, 1.0)), labels)
    assert np.array_equal(settled, (COLUMNS >= 200).astype(np.int32))


def test_what_ends_sharply_keeps_its_paint() -> None:
    rgb = plain(GREY)
    rgb[190:206] = BLACK
    rgb[100:140, 100:140] = RED
    labels = np.zeros((SIDE, SIDE), np.int32)
    labels[190:206] = 1
    labels[100:140, 100:140] = 2
    assert np.array_equal(whole_parts(features_of(rgb), labels), labels)


def test_a_red_button_on_black_stays() -> None:
    colours = plain(BLACK)
    button = np.hypot(ROWS - 120, COLUMNS - 90) < 9
    colours[button] = RED
    paints = tell_paints(grained(colours), whole())
    assert len(paints.found) == 1
    assert paints.nobodys[np.hypot(ROWS - 120, COLUMNS - 90) < 7].min() == 255
    assert paints.nobodys[np.hypot(ROWS - 120, COLUMNS - 90) > 14].max() == 0


def test_a_red_tag_on_navy_stays() -> None:
    colours = plain(NAVY)
    colours[120:136, 200:208] = (200, 40, 40)
    nobodys = tell_paints(grained(colours, 1.0), whole()).nobodys
    assert nobodys[123:133, 202:206].min() == 255
    assert int((nobodys > 0).sum()) < 16 * 8 * 2


def test_a_glow_on_black_is_its_light_and_moves() -> None:
    glow = np.exp(-((AWAY / 40) ** 2))[..., np.newaxis]
    rgb = grained(plain(BLACK) + glow * np.array((10, 20, 90), np.float32))
    assert tell_paints(rgb, whole()).nobodys.max() == 0


def test_a_fringe_of_another_paint_is_no_detail() -> None:
    rgb = plain(BLACK)
    rgb[:, 300:] = (30, 120, 40)
    labels = (COLUMNS >= 304).astype(np.int32)
    assert np.array_equal(without_details(features_of(rgb), labels), labels)


def test_of_black_and_a_colour_that_cover_alike_the_colour_is_meant() -> None:
    colours = {0: BLACK, 1: RED}
    labels = (COLUMNS >= 210).astype(np.int32)
    likely = likely_meant(colours, labels, None)
    assert likely[0] == 0.85
    assert likely[1] == 1.0
    assert likely_meant(colours, (COLUMNS >= 300).astype(np.int32), None)[0] == 1.0


def test_a_colour_goes_on_to_the_rim_beside_a_black_patch() -> None:
    inside = AWAY < BALL
    rgb = np.where(inside[..., np.newaxis], plain(ORANGE), 240)
    patch = (np.hypot(ROWS - SIDE / 2, COLUMNS - 60) < 24) & (AWAY < BALL - 3)
    rgb[patch] = BLACK
    moved = moving(grained(rgb), inside.astype(np.uint8) * np.uint8(255))
    beside = (AWAY < BALL - 1) & (AWAY > BALL - 2.5) & (np.abs(ROWS - SIDE / 2) < 40)
    assert moved[beside & (COLUMNS < 200)].mean() > 200
    assert moved[patch & (AWAY < BALL - 9)].mean() < 5
