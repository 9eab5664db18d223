"""Outlines laid where the picture has them."""

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb
from jobs.gpu.engine.segmenters.contour import fitted

SIDE = 800
RED, GREEN = (190, 40, 30), (60, 150, 70)


def disc(radius: float = 260, side: int = SIDE) -> Floats:
    """The share of a disc in each pixel."""
    large = np.zeros((side * 4, side * 4), np.uint8)
    cv2.circle(large, (side * 2, side * 2), round(radius * 4), 255, -1)
    small = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
    return (small * np.float32(1 / 255)).astype(np.float32)


def wavering(radius: float = 260, by: float = 4.0) -> BoolMask:
    """A disc as a network draws it: its rim goes up and down nine times."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    rim = radius + by * np.sin(9 * np.arctan2(rows, columns))
    return np.asarray(np.hypot(rows, columns) < rim, np.bool_)


def mixed(
    share: Floats, thing: tuple[int, int, int] = RED, ground: tuple[int, int, int] = GREEN
) -> Rgb:
    part = share[..., np.newaxis]
    return np.asarray(np.rint(part * np.array(thing) + (1 - part) * np.array(ground)), np.uint8)


def said(body: BoolMask) -> Floats:
    return np.asarray(cv2.GaussianBlur(body.astype(np.float32), (0, 0), 2), np.float32)


def off(mask: Rgb | Floats, share: Floats, radius: float = 260) -> float:
    """How many pixels the rim is off in the mean."""
    return float(np.abs(mask / 255 - share).sum() / (2 * np.pi * radius))


def test_an_outline_that_wavers_is_laid_where_the_colours_change() -> None:
    body = wavering()
    assert off(body * 255.0, disc()) > 1.7
    assert off(fitted(mixed(disc()), body, said(body)), disc()) < 0.8


def test_the_rim_is_neither_too_wide_nor_too_narrow() -> None:
    body = wavering(by=0)
    mask = fitted(mixed(disc()), body, said(body))
    assert float(mask.sum() / 255) == pytest.approx(float(disc().sum()), rel=0.002)


def test_a_hole_has_an_outline_of_its_own() -> None:
    share = disc() - disc(120)
    body = wavering() & ~wavering(120)
    mask = fitted(mixed(share), body, said(body))
    assert off(body * 255.0, share) > 2.5
    assert off(mask, share) < 1.3
    assert (mask[380:420, 380:420] == 0).all()


def test_neither_grain_nor_print_bends_the_outline() -> None:
    share, body = disc(), wavering(by=2)
    picture = mixed(share, (200, 196, 190), (70, 90, 60)).astype(np.float32)
    random = np.random.default_rng(5)
    grain = cv2.GaussianBlur(random.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), 1.5)
    picture += (grain / grain.std() * 25)[..., np.newaxis]
    # A print of the ground's colour that ends at the rim.
    cv2.rectangle(picture, (396, 654), (406, 661), (70, 90, 60), -1)
    mask = fitted(np.clip(picture, 0, 255).astype(np.uint8), body, said(body))
    assert off(mask, share) < 0.6
    assert (mask[654:657, 398:404] > 127).all()


def test_where_both_sides_look_alike_the_outline_stays() -> None:
    body = wavering(by=0)
    mask = fitted(np.full((SIDE, SIDE, 3), 200, np.uint8), body, said(body))
    assert off(mask, disc()) < 0.5


def test_what_the_picture_cuts_off_goes_on_to_its_rim() -> None:
    share = np.roll(disc(), 400, 0)
    share[:400] = 0
    picture = mixed(share)
    body = np.asarray(share > 0.5, np.bool_)
    mask = fitted(picture, body, said(body))
    assert (mask[-1, 300:500] == 255).all()
    assert float(np.abs(mask / 255 - share).sum()) < 300


def test_a_strap_keeps_its_width() -> None:
    share = np.zeros((SIDE, SIDE), np.float32)
    share[80:720, 396:403] = 1
    body = np.asarray(share > 0.5, np.bool_)
    mask = fitted(mixed(share), body, said(body))
    widths = (mask[120:680] / 255).sum(axis=1)
    assert float(widths.min()) > 6
    assert float(widths.max()) < 8


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (40, 3), (30, 30)])
def test_odd_sizes_are_no_trouble(shape: tuple[int, int]) -> None:
    body = np.ones(shape, np.bool_)
    picture = np.full((*shape, 3), 90, np.uint8)
    assert fitted(picture, body, body.astype(np.float32)).shape == shape
    body[:, 1:] = False
    assert fitted(picture, body, body.astype(np.float32)).shape == shape


def test_the_same_outline_comes_out_each_time() -> None:
    body = wavering()
    picture = mixed(disc())
    assert np.array_equal(fitted(picture, body, said(body)), fitted(picture, body, said(body)))
