from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from jobs.gpu.engine.colour.incoming import in_rgb
from jobs.gpu.engine.decode import decode
from jobs.tests.gpu.engine.pictures import saved, soft
from jobs.tests.gpu.engine.profiles import DISPLAY_P3, WIDE, curve_tag, profile_file

PICTURE = soft(40, 50)
DARK_GRAY = profile_file({b"kTRC": curve_tag(3.0)}, space=b"GRAY")
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
# A profile of tables alone, as scanners and "perceptual" sRGB profiles have them: 2 x 2 x 2 points
# from RGB to XYZ, here a gray world where green counts for everything.
_POINTS = [(0.0, 0.0, 0.0), (0.482, 0.5, 0.412)]
_CUBE = [_POINTS[green] for _ in range(2) for green in range(2) for _ in range(2)]
TABLE = profile_file(
    {
        b"A2B0": b"mft2\0\0\0\0\3\3\2\0"
        + b"".join(value.to_bytes(4, "big") for value in (65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
        + b"\0\2\0\2"
        + b"\0\0\xff\xff" * 3
        + b"".join(round(32768 * value).to_bytes(2, "big") for point in _CUBE for value in point)
        + b"\0\0\xff\xff" * 3
    }
)


@pytest.mark.parametrize("name", WIDE)
def test_rgb_keeps_its_numbers_and_its_profile(name: str) -> None:
    rgb, profile = in_rgb(PICTURE, WIDE[name])
    assert rgb is PICTURE
    assert profile == WIDE[name]


def test_gray_under_a_profile_of_rgb_keeps_it_too() -> None:
    rgb, profile = in_rgb(PICTURE[..., :1], DISPLAY_P3)
    assert np.array_equal(rgb, np.repeat(PICTURE[..., :1], 3, axis=2))
    assert profile == DISPLAY_P3


def test_gray_under_a_profile_of_gray_becomes_srgb() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    rgb, profile = in_rgb(levels, DARK_GRAY)
    assert profile is None
    assert np.ptp(rgb.astype(int), axis=2).max() == 0
    # A gamma of 3 for one of about 2.2: 128 is much darker than it would be without the profile.
    linear = (128 / 255) ** 3
    assert abs(int(rgb[8, 0, 0]) - 255 * (1.055 * linear ** (1 / 2.4) - 0.055)) < 2


def test_a_profile_of_tables_makes_it_srgb() -> None:
    rgb, profile = in_rgb(PICTURE, TABLE)
    assert profile is None
    assert not np.array_equal(rgb, PICTURE)
    by_green = np.argsort(PICTURE[..., 1].ravel(), kind="stable")
    assert (np.diff(rgb[..., 1].ravel()[by_green].astype(int)) >= -1).all()


@pytest.mark.parametrize(
    "profile",
    [b"", b"RGB ", DISPLAY_P3[:-4], DARK_GRAY, LAB, profile_file({b"A2B0": b"mft2" + bytes(80)})],
    ids=["none", "four bytes", "cut short", "of gray", "of Lab", "of broken tables"],
)
def test_an_unusable_profile_is_dropped(profile: bytes) -> None:
    rgb, kept = in_rgb(PICTURE, profile)
    assert np.array_equal(rgb, PICTURE)
    assert kept is None


def test_what_follows_a_profile_does_not_land_in_the_result() -> None:
    assert in_rgb(PICTURE, DISPLAY_P3 + bytes(100))[1] == DISPLAY_P3


def test_cmyk_without_a_usable_profile_goes_by_the_formula() -> None:
    cmyk = np.asarray(Image.fromarray(PICTURE).convert("CMYK"), np.uint8)
    for profile in (b"", DISPLAY_P3, b"CMYK" * 50):
        rgb, kept = in_rgb(cmyk, profile)
        assert kept is None
        assert np.abs(rgb.astype(int) - PICTURE).max() <= 1


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_format_keeps_the_profile(file_format: str) -> None:
    data = saved(Image.fromarray(PICTURE), file_format, icc_profile=DISPLAY_P3)
    assert decode(data).icc_profile == DISPLAY_P3


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_no_format_passes_an_unusable_profile_on(file_format: str) -> None:
    data = saved(Image.fromarray(PICTURE), file_format, icc_profile=DISPLAY_P3[:300])
    assert decode(data).icc_profile is None
