"""Another paint on a thing keeps its light and its gloss."""

import numpy as np
import pytest

from jobs.gpu.engine.actions.thing_paint import ThingPaint
from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.lab import to_lab

SIDE = 64


def shaded(colour: tuple[int, int, int], darkest: float = 0.35) -> Rgb:
    """A paint under a light that falls off to the right."""
    fall = np.linspace(1.0, darkest, SIDE)[np.newaxis, :, np.newaxis] ** (1 / 2.2)
    return np.rint(np.full((SIDE, SIDE, 3), colour) * fall).astype(np.uint8)


def repainted(rgb: Rgb, wanted: tuple[int, int, int]) -> Floats:
    weight = np.full(rgb.shape[:2], 255, np.uint8)
    paint = ThingPaint(rgb, weight, np.array(wanted, np.float32))
    return to_lab(paint.on(rgb, slice(0, SIDE), slice(0, SIDE)))


@pytest.mark.parametrize("old", [(180, 40, 30), (60, 140, 60), (40, 60, 160), (150, 150, 150)])
@pytest.mark.parametrize("wanted", [(37, 52, 90), (47, 116, 119), (201, 154, 46)])
def test_the_mean_becomes_the_colour_that_is_wanted(
    old: tuple[int, int, int], wanted: tuple[int, int, int]
) -> None:
    target = to_lab(np.array([[wanted]], np.uint8))[0, 0]
    mean = repainted(shaded(old), wanted).mean(axis=(0, 1))
    assert float(np.linalg.norm(mean - target)) < 6


def test_the_light_still_falls_off() -> None:
    light = repainted(shaded((180, 40, 30)), (47, 116, 119))[32, :, 0]
    assert (np.diff(light) <= 0.01).all()
    assert light[0] > light[-1] + 12


def test_a_dark_thing_in_white_is_not_burnt_out() -> None:
    light = repainted(shaded((60, 60, 64)), (244, 244, 242))[..., 0]
    assert float((light > 98.5).mean()) < 0.25
    assert float(light.max() - light.min()) > 8
    assert float(light.mean()) > 80


def test_what_mirrors_the_lamp_stays_white() -> None:
    glossy = shaded((70, 16, 20))
    glossy[28:34, 10:16] = (250, 250, 250)
    lab = repainted(glossy, (37, 52, 160))
    light, chroma = lab[30, 12, 0], float(np.hypot(*lab[30, 12, 1:]))
    assert light > 75
    assert chroma < 6


def test_a_paint_shaded_in_one_hue_comes_out_in_one_hue() -> None:
    lab = repainted(shaded((30, 80, 190)), (244, 244, 242))
    assert float(np.hypot(lab[..., 1], lab[..., 2]).max()) < 4


def test_a_tile_is_a_new_array() -> None:
    rgb = shaded((90, 90, 90))
    before = rgb.copy()
    repainted(rgb, (10, 200, 30))
    assert np.array_equal(rgb, before)


def test_shadows_of_a_dark_thing_are_deep_on_a_light_paint() -> None:
    dark = np.full((SIDE, SIDE, 3), 44, np.uint8)
    dark[:, :16] = 14
    lab = repainted(dark, (201, 154, 46))
    lit, deep = float(lab[32, 40, 0]), float(lab[32, 8, 0])
    assert lit - deep == pytest.approx(24.4, abs=0.3)
    target = to_lab(np.array([[(201, 154, 46)]], np.uint8))[0, 0, 0]
    assert float(lab[..., 0].mean()) == pytest.approx(float(target), abs=2.5)
