from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.corners import rise_of, straighten
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.strangers import strangers_on
from jobs.gpu.engine.surfaces import settled
from jobs.gpu.engine.view import sharpened, shrunk
from jobs.tests.gpu.engine.pictures import FixedSegmenter, opened, png_file

HEIGHT, WIDTH = 300, 400


def corner(contrast: int = 30) -> tuple[Rgb, np.ndarray]:
    """A ceiling on a wall, which meet in two lines with a corner; and the row, per column."""
    x = np.arange(WIDTH)
    line = np.where(x < 250, 60 + 0.2 * x, 110 - 0.25 * (x - 250))
    above = np.arange(HEIGHT)[:, np.newaxis] <= line
    gray = np.where(above, 200, 200 - contrast) + np.random.default_rng(0).normal(
        0, 2, (HEIGHT, WIDTH)
    )
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2), line


def ragged(line: np.ndarray) -> tuple[Mask, Mask]:
    """Ceiling and wall with teeth of up to eight pixels."""
    rng = np.random.default_rng(2)
    teeth = np.repeat(rng.uniform(-8, 8, WIDTH // 8 + 1), 8)[:WIDTH]
    above = np.arange(HEIGHT)[:, np.newaxis] <= line + teeth
    return np.where(above, 255, 0).astype(np.uint8), np.where(above, 0, 255).astype(np.uint8)


def border_of(ceiling: Mask) -> np.ndarray:
    return np.asarray((ceiling > 127).sum(axis=0) - 1.0)


def test_a_ragged_corner_becomes_straight_lines() -> None:
    picture, line = corner()
    ceiling, wall = ragged(line)
    assert np.abs(border_of(ceiling) - line).mean() > 3
    lines = straighten(ceiling, wall, rise_of(picture))
    assert np.abs(border_of(ceiling) - line).mean() < 1
    assert np.abs(border_of(ceiling) - line).max() < 3
    assert sorted(round(float(stop - start)) for start, _, stop, _ in lines) != []


def test_a_corner_without_contrast_is_straight_all_the_same() -> None:
    picture, line = corner(contrast=0)
    ceiling, wall = ragged(line)
    straighten(ceiling, wall, rise_of(picture))
    drawn = border_of(ceiling)
    assert np.abs(drawn - line).mean() < 3
    assert (np.abs(np.diff(drawn)) <= 2).mean() > 0.98


def test_only_the_two_surfaces_change_hands() -> None:
    picture, line = corner()
    ceiling, wall = ragged(line)
    wall[:, 100:140] = 0  # a cupboard up to the ceiling
    ceiling[90:, 100:140] = 0
    before = ceiling.astype(int) + wall
    straighten(ceiling, wall, rise_of(picture))
    assert np.array_equal(ceiling.astype(int) + wall, before)


def test_the_floor_is_completed_by_what_looks_like_it() -> None:
    rng = np.random.default_rng(1)
    picture = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    picture[150:] = np.clip(rng.normal((140, 110, 80), 3, (150, WIDTH, 3)), 0, 255)
    floor = np.zeros((HEIGHT, WIDTH), np.uint8)
    floor[150:] = 255
    floor[240:280, 100:200] = 0  # left out, and floor
    floor[200:230, 260:330] = 0  # a box on it
    picture[200:230, 260:330] = (90, 120, 150)
    found, _ = settled(Segmentation({"Floor": floor}), picture)
    assert (found.masks["Floor"][243:277, 103:197] == 255).mean() > 0.98
    assert (found.masks["Floor"][205:225, 265:325] == 0).all()


def test_specks_are_closed_and_dropped() -> None:
    wall = np.zeros((HEIGHT, WIDTH), np.uint8)
    wall[:, :200] = 255
    wall[100:104, 50:54] = 0
    wall[200:204, 300:304] = 255
    picture = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    picture[:, :] = np.where(wall[..., np.newaxis] > 0, 180, 60)
    found, _ = settled(Segmentation({"Wall": wall}), picture)
    assert (found.masks["Wall"][:, :195] == 255).all()
    assert not found.masks["Wall"][:, 205:].any()


def test_what_is_no_surface_is_left_as_it_was_found() -> None:
    rng = np.random.default_rng(3)
    text = (rng.random((HEIGHT, WIDTH)) < 0.2).astype(np.uint8) * np.uint8(255)
    picture, line = corner()
    _, wall = ragged(line)
    found, _ = settled(Segmentation({"Label_Text": text, "Wall": wall}), picture)
    assert np.array_equal(found.masks["Label_Text"], text)
    assert not np.array_equal(found.masks["Wall"], wall)


def test_a_spelling_makes_no_difference() -> None:
    picture, line = corner()
    _, wall = ragged(line)
    found, _ = settled(Segmentation({"wall": wall, "Wall": wall}), picture)
    assert np.array_equal(found.masks["wall"], found.masks["Wall"])
    assert not np.array_equal(found.masks["Wall"], wall)


def signed_wall() -> tuple[Rgb, Mask]:
    """A wall in falling light with a red sign and the warm glow of a lamp."""
    light = np.linspace(1.1, 0.7, WIDTH)[np.newaxis, :, np.newaxis]
    picture = np.array([190.0, 188, 180]) * light * np.ones((HEIGHT, 1, 1))
    glow = np.exp(-(np.hypot(*np.mgrid[-200:100, -100:300] / 45.0) ** 2))[..., np.newaxis]
    picture += glow * (60, 20, -60)
    picture += np.random.default_rng(0).normal(0, 1.5, picture.shape)
    picture[60:84, 300:330] = (190, 40, 40)
    return np.clip(picture, 0, 255).astype(np.uint8), np.full((HEIGHT, WIDTH), 255, np.uint8)


def test_a_sign_is_no_wall_and_the_glow_of_a_lamp_is() -> None:
    picture, wall = signed_wall()
    found = strangers_on(wall, picture)
    assert found is not None
    assert (found[62:82, 302:328] == 255).all()
    found[56:88, 296:334] = 0
    assert not found.any()


def test_paint_goes_around_a_sign_unless_all_paint_is_meant() -> None:
    picture, wall = signed_wall()
    engine = Engine(FixedSegmenter({"Wall": wall}))
    for paint, kept in (("", True), ("all", False)):
        edits = {"Wall": Edit("recolor", "sage", paint=paint)}
        result = opened(engine.edit(png_file(picture), edits, []).png)
        sign = np.s_[64:80, 304:326]
        assert np.array_equal(result[sign], picture[sign]) is kept
        assert not np.array_equal(result[200:250, 200:250], picture[200:250, 200:250])


def test_a_shrunk_picture_has_the_mean_and_the_size() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (700, 1301, 3)).astype(np.uint8)
    small = shrunk(picture, 300)
    assert small.shape == (161, 300, 3)
    assert small.mean() == pytest.approx(picture.mean(), abs=1)
    assert shrunk(picture, 1301) is picture


def test_two_masks_that_share_a_border_still_do_when_they_are_sharpened() -> None:
    ramp = np.linspace(0, 255, 101).round().astype(np.uint8)[np.newaxis].repeat(3, axis=0)
    one, other = sharpened(ramp.copy(), 4), sharpened(255 - ramp, 4)
    assert (np.abs(one.astype(int) + other - 255) <= 1).all()
    assert (one == 0).sum() > (ramp == 0).sum()
    assert np.array_equal(sharpened(ramp.copy(), 1), ramp)
