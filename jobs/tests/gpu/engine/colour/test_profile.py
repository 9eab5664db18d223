from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
from PIL import ImageCms

from jobs.gpu.engine.colour.primaries import SRGB, profile_of, profile_of_code_points
from jobs.gpu.engine.colour.profile import STEPS, matrix_profile, whole_profile
from jobs.tests.gpu.engine.profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    WIDE,
    curve_tag,
    profile_file,
)


def with_tag(name: bytes, tag: bytes, profile: bytes = DISPLAY_P3) -> bytes:
    """The profile with another tag in the place of the one with this name."""
    assert profile.count(name) == 1
    tags = {}
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(count):
        key, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        tags[key] = profile[offset : offset + size]
    tags[name] = tag
    return profile_file(tags)


@pytest.mark.parametrize("name", WIDE)
def test_a_profile_built_here_is_one_to_littlecms(name: str) -> None:
    opened = ImageCms.ImageCmsProfile(io.BytesIO(WIDE[name]))
    assert opened.profile.xcolor_space.strip() == "RGB"
    assert opened.profile.is_matrix_shaper


def test_matrix_and_curves_are_what_the_profile_says() -> None:
    adobe = matrix_profile(ADOBE_RGB)
    assert adobe is not None
    # Adobe RGB (1998), section 4.3.5, adapted to D50.
    expected = [[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]]
    assert np.abs(adobe.matrix - expected).max() < 0.0005
    assert np.abs(adobe.curves - np.linspace(0, 1, STEPS) ** (563 / 256)).max() < 1e-6


@pytest.mark.parametrize(
    ("curve", "half"),
    [
        (b"curv\0\0\0\0" + struct.pack(">I", 0), 0.5),
        (curve_tag(1.8), 0.5**1.80078),
        (b"curv\0\0\0\0" + struct.pack(">I3H", 3, 0, 20000, 65535), 20000 / 65535),
        (curve_tag((2.0,)), 0.25),
        (curve_tag((2.0, 0.5, 0.5)), 0.75**2),
        (curve_tag((2.0, 0.5, 0.4, 0.1)), 0.65**2 + 0.1),
        (curve_tag((2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)), 0.21404),
        (curve_tag((2.0, 0.9, 0.0, 0.5, 0.7, 0.1, 0.05)), 0.3),
    ],
    ids=["identity", "gamma", "table", "para 0", "para 1", "para 2", "para 3", "para 4"],
)
def test_every_kind_of_curve_is_read(curve: bytes, half: float) -> None:
    tag = with_tag(b"gTRC", curve)
    read = matrix_profile(tag)
    assert read is not None
    assert np.interp(0.5, np.linspace(0, 1, STEPS), read.curves[1]) == pytest.approx(half, abs=2e-4)


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"RGB " * 40,
        DISPLAY_P3[:-1],
        DISPLAY_P3[:200],
        DISPLAY_P3[:128],
        DISPLAY_P3.replace(b"acsp", b"ACSP"),
        DISPLAY_P3.replace(b"RGB XYZ ", b"GRAYXYZ "),
        DISPLAY_P3.replace(b"RGB XYZ ", b"RGB Lab "),
        DISPLAY_P3.replace(b"mntr", b"link"),
        DISPLAY_P3.replace(b"rTRC", b"rTRX"),
        DISPLAY_P3.replace(b"gXYZ", b"gXYX"),
        with_tag(b"gTRC", b"curv\0\0\0\0" + struct.pack(">I", 4_000_000_000)),
        with_tag(b"gTRC", b"curv\0\0\0\0" + struct.pack(">I3H", 3, 0, 60000, 100)),
        with_tag(b"gTRC", b"curv\0\0\0\0" + struct.pack(">I3H", 3, 0, 0, 0)),
        with_tag(b"gTRC", b"para\0\0\0\0\0\x09\0\0"),
        with_tag(b"gTRC", b"text"),
        with_tag(b"gTRC", b""),
        with_tag(b"gXYZ", b"XYZ \0\0\0\0" + bytes(12)),
        with_tag(b"gXYZ", b"XYZ \0\0\0\0" + struct.pack(">3i", 65536, 65536, 65536)),
        profile_file({b"A2B0": b"mft2" + bytes(400)}),
        DISPLAY_P3[:128] + b"\xff" * 400,
    ],
)
def test_what_is_no_matrix_profile_is_none(profile: bytes) -> None:
    assert matrix_profile(profile) is None


def test_a_profile_with_tables_is_no_matrix_profile() -> None:
    assert matrix_profile(with_tag(b"wtpt", b"XYZ \0\0\0\0" + bytes(12))) is not None
    assert matrix_profile(DISPLAY_P3.replace(b"cprt", b"A2B0")) is None


def test_no_broken_profile_costs_more_than_its_length() -> None:
    rng = np.random.default_rng(3)
    start = time.process_time()
    for _ in range(2000):
        broken = bytearray(PROPHOTO)
        for _ in range(int(rng.integers(1, 6))):
            broken[int(rng.integers(len(broken)))] = int(rng.integers(256))
        read = matrix_profile(bytes(broken))
        assert read is None or bool(np.isfinite(read.curves).all())
    assert time.process_time() - start < 10


def test_what_follows_a_profile_is_cut_off() -> None:
    assert whole_profile(DISPLAY_P3 + bytes(9)) == DISPLAY_P3
    assert whole_profile(DISPLAY_P3[:-1]) == b""


def test_a_profile_made_of_numbers_is_the_one_they_stand_for() -> None:
    made, expected = matrix_profile(profile_of_code_points(12, 13)), matrix_profile(DISPLAY_P3)
    assert made is not None
    assert expected is not None
    assert np.abs(made.matrix - expected.matrix).max() < 1e-4
    assert np.abs(made.curves - expected.curves).max() < 1e-4
    ImageCms.ImageCmsProfile(io.BytesIO(profile_of_code_points(9, 13)))
    ImageCms.ImageCmsProfile(io.BytesIO(profile_of(SRGB, 1.8)))


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (2, 2), (12, 16), (9, 18), (0, 0)])
def test_other_code_points_make_no_profile(primaries: int, transfer: int) -> None:
    assert profile_of_code_points(primaries, transfer) == b""


def test_primaries_without_an_area_make_no_profile() -> None:
    assert profile_of(((0.3, 0.3),) * 3 + ((0.31, 0.33),), None) == b""
    assert profile_of(((0.0, 0.0),) * 4, None) == b""
