"""Cutting out: alpha and the thing's own colour along its outline."""

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.matting import cut_out

SIDE = 200
RED, GREEN = (190, 40, 30), (60, 150, 70)


def disc(side: int = SIDE) -> Floats:
    """The share of a disc in each pixel."""
    large = np.zeros((side * 8, side * 8), np.uint8)
    cv2.circle(large, (side * 4, side * 4), int(side * 2.6), 255, -1)
    small = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
    return (small * np.float32(1 / 255)).astype(np.float32)


def mixed(share: Floats, thing: tuple[int, int, int], ground: tuple[int, int, int]) -> Rgb:
    part = share[..., np.newaxis]
    flat = part * np.array(thing) + (1 - part) * np.array(ground)
    return np.asarray(np.rint(flat), np.uint8)


def rough(share: Floats, by: int = 1) -> Mask:
    """A mask that is off by a pixel down and one to the left."""
    solid = (share > 0.5).astype(np.uint8) * np.uint8(255)
    return np.roll(solid, (by, -by), (0, 1))


def test_the_alpha_is_the_share_of_the_thing_though_the_mask_is_off() -> None:
    share = disc()
    matte = cut_out(mixed(share, RED, GREEN), rough(share))
    assert float(np.abs(matte.alpha / 255 - share).max()) < 0.12
    assert float(np.abs(matte.alpha / 255 - share).mean()) < 0.002
    assert matte.contrast == 1.0


def test_no_tinge_of_the_old_ground_is_left() -> None:
    share = disc()
    matte = cut_out(mixed(share, RED, GREEN), rough(share))
    colour = mixed(share, RED, GREEN)
    matte.put_on(colour)
    off = np.abs(colour.astype(int) - RED).max(axis=2) * (matte.alpha / 255)
    assert float(off.max()) < 8


def test_what_is_not_on_the_outline_keeps_its_pixels() -> None:
    share = disc()
    picture = mixed(share, RED, GREEN)
    picture[90:110, 90:110] = (1, 2, 3)
    matte = cut_out(picture, rough(share))
    worn = picture.copy()
    matte.put_on(worn)
    assert np.array_equal(worn[60:140, 60:140], picture[60:140, 60:140])
    assert (matte.alpha[60:140, 60:140] == 255).all()
    assert (matte.alpha[:20] == 0).all()


def test_a_thing_wears_its_own_colours_for_a_moment_only() -> None:
    picture = mixed(disc(), RED, GREEN)
    before = picture.copy()
    matte = cut_out(picture, rough(disc()))
    with matte.worn_by(picture):
        assert not np.array_equal(picture, before)
    assert np.array_equal(picture, before)


def test_where_both_look_alike_the_mask_decides() -> None:
    share = disc()
    picture = mixed(share, (240, 240, 240), (243, 243, 243))
    matte = cut_out(picture, (share > 0.5).astype(np.uint8) * np.uint8(255))
    assert matte.contrast == 0.0
    assert float(np.abs(matte.alpha / 255 - share).mean()) < 0.02


def test_a_dark_trim_is_not_taken_for_the_ground() -> None:
    share = disc()
    picture = mixed(share, (235, 235, 235), (150, 150, 150))
    ring = cv2.erode((share > 0.5).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    picture[ring & (share > 0.5)] = (20, 20, 20)
    matte = cut_out(picture, (share > 0.5).astype(np.uint8) * np.uint8(255))
    assert float((matte.alpha[share > 0.99] / 255).mean()) > 0.98


def test_a_strap_of_three_pixels_is_not_lost() -> None:
    share = np.zeros((SIDE, SIDE), np.float32)
    share[:, 99:102] = 1
    matte = cut_out(mixed(share, RED, GREEN), (share * 255).astype(np.uint8))
    assert (matte.alpha[:, 100] > 240).all()
    assert (matte.alpha[:, 110:] == 0).all()


def test_the_mask_may_be_smaller_than_the_picture() -> None:
    share = disc(400)
    mask = cv2.resize(rough(share), (200, 200), interpolation=cv2.INTER_AREA)
    matte = cut_out(mixed(share, RED, GREEN), np.asarray(mask, np.uint8))
    assert matte.alpha.shape == (400, 400)
    assert float(np.abs(matte.alpha / 255 - share).mean()) < 0.002


@pytest.mark.parametrize("value", [0, 255])
def test_without_an_outline_there_is_nothing_to_work_out(value: int) -> None:
    picture = mixed(disc(), RED, GREEN)
    matte = cut_out(picture, np.full((SIDE, SIDE), value, np.uint8))
    assert (matte.alpha == value).all()
    assert len(matte.rows) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (40, 3)])
def test_odd_sizes_are_no_trouble(shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.uint8)
    mask[0, 0] = 255
    assert cut_out(np.full((*shape, 3), 90, np.uint8), mask).alpha.shape == shape


def test_a_texture_leaves_no_crumbs_along_the_outline() -> None:
    share = disc(400)
    picture = mixed(share, (170, 160, 150), (80, 90, 70)).astype(np.float32)
    random = np.random.default_rng(7)
    grain = cv2.GaussianBlur(random.normal(0, 1, (400, 400)).astype(np.float32), (0, 0), 1.5)
    picture += (grain / grain.std() * 30)[..., np.newaxis]
    mask = (share * 255).astype(np.uint8)
    matte = cut_out(np.clip(picture, 0, 255).astype(np.uint8), mask)
    assert float(np.abs(matte.alpha / 255 - share).sum()) < 0.5 * 2 * np.pi * 130
    alone, _ = cv2.connectedComponents((matte.alpha > 40).astype(np.uint8))
    holes, _ = cv2.connectedComponents((matte.alpha < 215).astype(np.uint8))
    assert (alone, holes) == (2, 2)
