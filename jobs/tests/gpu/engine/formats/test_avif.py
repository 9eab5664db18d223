from __future__ import annotations

import struct

import numpy as np
import pytest
import pyvips
from PIL import Image, UnidentifiedImageError

from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.formats.avif_items import code_points, with_size_of_alpha
from jobs.tests.gpu.engine.pictures import noise, opened, saved, soft
from jobs.tests.gpu.engine.profiles import DISPLAY_P3

PICTURE = soft(96, 128)
ALPHA = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (96, 1))
PLAIN = saved(Image.fromarray(PICTURE), "AVIF", quality=95)
CUT_OUT = saved(Image.fromarray(np.dstack([PICTURE, ALPHA])), "AVIF", quality=95)
NCLX = b"nclx\0\1\0\x0d"


def without_size_of_alpha(data: bytes) -> bytes:
    """As cavif wrote it: the alpha item (number 2) has no `ispe`, but `pixi` twice here."""
    at = data.index(b"ipma") + 12
    for _ in range(int.from_bytes(data[at - 4 : at], "big")):
        item, length = struct.unpack_from(">HB", data, at)
        named = data[at + 3 : at + 3 + length]
        at += 3 + length
        if item == 2:
            assert _kinds(data)[named[0] - 1 : named[0]] == [b"ispe"]
            assert _kinds(data)[named[1] - 1 : named[1]] == [b"pixi"]
            start = at - length
            return data[:start] + named[1:2] + data[start + 1 :]
    raise AssertionError("no alpha")


def _kinds(data: bytes) -> list[bytes]:
    start = data.index(b"ipco") + 4
    end = start - 8 + int.from_bytes(data[start - 8 : start - 4], "big")
    kinds = []
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        kinds.append(kind)
        start += size
    return kinds


def test_transparency_without_a_size_is_read() -> None:
    data = without_size_of_alpha(CUT_OUT)
    with pytest.raises(UnidentifiedImageError):
        opened(data)
    photo, whole = decode(data), decode(CUT_OUT)
    assert photo.alpha is not None
    assert whole.alpha is not None
    assert np.array_equal(photo.rgb, whole.rgb)
    assert np.array_equal(photo.alpha, whole.alpha)
    assert np.abs(photo.alpha.astype(int) - ALPHA).mean() < 2


def test_other_files_are_not_touched() -> None:
    for data in (PLAIN, CUT_OUT, b"", b"\0\0\0\x08meta", noise(20, 20).tobytes()):
        assert with_size_of_alpha(data) is data


@pytest.mark.parametrize("length", range(0, 700, 7))
def test_boxes_that_end_early_or_lie_are_passed_over(length: int) -> None:
    rng = np.random.default_rng(length)
    data = without_size_of_alpha(CUT_OUT)
    for broken in (data[:length], data[:length] + rng.bytes(4) + data[length + 4 :]):
        with_size_of_alpha(broken)
        code_points(broken)


def test_damage_is_noticed_though_there_is_no_checksum() -> None:
    # Pillow's decoder shows most of these without a word.
    rng = np.random.default_rng(7)
    detailed = np.clip(PICTURE.astype(int) + noise(96, 128) // 4, 0, 255).astype(np.uint8)
    data = saved(Image.fromarray(detailed), "AVIF", quality=85)
    start = data.index(b"mdat") + 30
    for _ in range(60):
        at = int(rng.integers(start, len(data) - 20))
        broken = data[:at] + bytes((data[at] ^ 1 << int(rng.integers(8)),)) + data[at + 1 :]
        try:
            photo = decode(broken)
        except PhotoError:
            continue
        assert np.array_equal(photo.rgb, decode(data).rgb)


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_every_depth_is_scaled_to_8_bits(depth: int) -> None:
    wide = pyvips.Image.new_from_array(PICTURE.astype(np.uint16) * 257)
    data = wide.copy(interpretation="rgb16").heifsave_buffer(
        compression="av1", bitdepth=depth, Q=95
    )
    assert np.abs(decode(data).rgb.astype(int) - PICTURE).mean() < 3


@pytest.mark.parametrize("depth", [8, 10])
def test_gray_of_every_depth_is_read(depth: int) -> None:
    gray = pyvips.Image.new_from_array(ALPHA.astype(np.uint16) * 257)
    data = gray.copy(interpretation="grey16").heifsave_buffer(
        compression="av1", bitdepth=depth, Q=95
    )
    assert np.abs(decode(data).rgb[..., 1].astype(int) - ALPHA).mean() < 3


def test_primaries_named_by_number_become_a_profile() -> None:
    assert PLAIN.count(NCLX) == 1
    assert code_points(PLAIN) == (1, 13)
    assert decode(PLAIN).icc_profile is None
    photo = decode(PLAIN.replace(NCLX, b"nclx\0\x0c\0\x0d"))
    colours = np.array([[80.0, 157, 91]])
    expected = space_of(DISPLAY_P3).to_srgb(colours)
    assert np.abs(space_of(photo.icc_profile).to_srgb(colours) - expected).max() < 0.5
    assert decode(PLAIN.replace(NCLX, b"nclx\0\x09\0\x10")).icc_profile is None


def test_a_profile_beats_numbers() -> None:
    data = saved(Image.fromarray(PICTURE), "AVIF", icc_profile=DISPLAY_P3)
    assert decode(data).icc_profile == DISPLAY_P3


def test_only_the_container_turns_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(saved(Image.fromarray(PICTURE), "AVIF", exif=exif))
    assert turned.rgb.shape == (128, 96, 3)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF>'
        b"</x:xmpmeta>"
    )
    assert decode(saved(Image.fromarray(PICTURE), "AVIF", xmp=xmp)).rgb.shape == (96, 128, 3)
