from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.colour.space import SRGB, space_of
from jobs.tests.gpu.engine import profiles
from jobs.tests.gpu.engine.pictures import noise, soft
from jobs.tests.gpu.engine.profiles import DISPLAY_P3, WIDE


def by_littlecms(rgb: Rgb, source: bytes | None, target: bytes | None) -> Rgb:
    ends = [
        ImageCms.createProfile("sRGB")
        if profile is None
        else ImageCms.ImageCmsProfile(io.BytesIO(profile))
        for profile in (source, target)
    ]
    converted = ImageCms.profileToProfile(Image.fromarray(rgb), ends[0], ends[1])
    assert converted is not None
    return np.asarray(converted, np.uint8)


@pytest.mark.parametrize("name", WIDE)
def test_colours_go_to_srgb_as_littlecms_takes_them(name: str) -> None:
    colours = noise(1, 2000)
    ours = space_of(WIDE[name]).to_srgb(colours[0].astype(np.float64))
    reached = ((ours >= 0) & (ours <= 255)).all(axis=1)
    assert reached.sum() > 300
    theirs = by_littlecms(colours, WIDE[name], None)[0]
    assert np.abs(ours - theirs)[reached].max() < 1


@pytest.mark.parametrize("name", WIDE)
def test_colours_come_from_srgb_as_littlecms_takes_them(name: str) -> None:
    # Very dark ones aside, where LittleCMS straightens a gamma that begins vertically.
    colours = noise(1, 2000) // 2 + 100
    ours = space_of(WIDE[name]).from_srgb(colours[0].astype(np.float64))
    assert np.abs(ours - by_littlecms(colours, None, WIDE[name])[0]).max() < 1


@pytest.mark.parametrize("name", WIDE)
def test_there_and_back_is_where_it_began(name: str) -> None:
    space = space_of(WIDE[name])
    colours = np.random.default_rng(0).uniform(-40, 330, (500, 3))
    assert np.abs(space.from_srgb(space.to_srgb(colours)) - colours).max() < 0.01
    assert np.abs(space.to_srgb(space.from_srgb(colours)) - colours).max() < 0.01


@pytest.mark.parametrize("name", WIDE)
def test_pictures_are_converted_as_colours_are(name: str) -> None:
    space, picture = space_of(WIDE[name]), soft(70, 90)
    colours = picture.reshape(-1, 3).astype(np.float64)
    shown = np.clip(space.to_srgb(colours), 0, 255).reshape(picture.shape)
    painted = np.clip(space.from_srgb(colours), 0, 255).reshape(picture.shape)
    assert np.abs(space.shown(picture) - shown).max() < 1.5
    assert np.abs(space.painted(picture) - painted).max() < 1.5


@pytest.mark.parametrize("name", WIDE)
def test_gray_stays_gray_and_white_white(name: str) -> None:
    space = space_of(WIDE[name])
    grays = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    for converted in (space.shown(grays), space.painted(grays)):
        assert np.ptp(converted.astype(int), axis=2).max() <= 1
        assert converted[0, 255].tolist() == [255, 255, 255]
        assert converted[0, 0].tolist() == [0, 0, 0]


def test_the_red_of_srgb_has_the_known_numbers_in_display_p3() -> None:
    # color(srgb 1 0 0) is color(display-p3 0.9175 0.2003 0.1386).
    found = space_of(DISPLAY_P3).from_srgb(np.array([[255.0, 0, 0]]))[0]
    assert np.abs(found / 255 - (0.9175, 0.2003, 0.1386)).max() < 0.001


@pytest.mark.parametrize("profile", [None, b"", b"a profile", DISPLAY_P3[:300], profiles.SRGB])
def test_no_usable_profile_and_that_of_srgb_mean_srgb(profile: bytes | None) -> None:
    assert space_of(profile) is SRGB


def test_srgb_costs_nothing() -> None:
    picture, colours = noise(9, 9), np.array([[1.0, 2, 300]])
    assert SRGB.shown(picture) is picture
    assert SRGB.painted(picture) is picture
    assert SRGB.to_srgb(colours) is colours
    assert SRGB.from_srgb(colours) is colours
