from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest

from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.formats.heic_data import holds_zeros
from jobs.tests.gpu.engine.formats.test_iso_boxes import box
from jobs.tests.gpu.engine.pictures import HEIC
from jobs.tests.gpu.engine.profiles import DISPLAY_P3

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("name", ["gray_10_bit", "gray_12_bit"])
def test_gray_of_more_than_8_bits_is_scaled_not_clipped(name: str) -> None:
    photo = decode((SAMPLES / f"{name}.heic").read_bytes())
    ramp = np.linspace(0, 255, 96)
    assert photo.rgb.shape == (64, 96, 3)
    assert np.abs(photo.rgb.astype(float) - ramp[np.newaxis, :, np.newaxis]).max() <= 3


def test_primaries_named_by_number_become_a_profile() -> None:
    data = (SAMPLES / "gray_10_bit.heic").read_bytes()
    assert data.count(b"nclx\0\1\0\x0d") == 1
    assert decode(data).icc_profile is None
    photo = decode(data.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d"))
    colours = np.array([[80.0, 157, 91]])
    expected = space_of(DISPLAY_P3).to_srgb(colours)
    assert np.abs(space_of(photo.icc_profile).to_srgb(colours) - expected).max() < 0.5


def heic_of(pictures: list[bytes], *, version: int, kind: bytes = b"hvc1") -> bytes:
    """A container of items (numbered from 1) with this data, beside zeros that are no picture."""
    wide = {0: ">H", 1: ">H", 2: ">I"}[version]
    infos = [
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", n + 1, 0) + kind + b"\0")
        for n in range(len(pictures))
    ]
    information = b"\0\0\0\0" + struct.pack(">H", len(infos)) + b"".join(infos)
    body = bytes(200) + b"".join(pictures)

    def meta(start: int) -> bytes:
        places, at = b"", start + 8 + 200
        for n, picture in enumerate(pictures):
            places += struct.pack(wide, n + 1) + (b"\0\0" if version else b"")
            places += struct.pack(">HIHII", 0, 100, 1, at - 100, len(picture))
            at += len(picture)
        header = bytes((version, 0, 0, 0, 0x44, 0x40)) + struct.pack(wide, len(pictures))
        return box(b"meta", bytes(4) + box(b"iinf", information) + box(b"iloc", header + places))

    first = box(b"ftyp", b"heic")
    size = len(first) + len(meta(0))
    return first + meta(size) + box(b"mdat", body)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_zeros_in_a_picture_are_found_and_others_passed_over(version: int) -> None:
    whole = bytes(range(1, 200))
    filled = whole + bytes(64) + whole
    assert not holds_zeros(heic_of([whole, whole + bytes(63)], version=version))
    assert holds_zeros(heic_of([whole, filled], version=version))
    assert holds_zeros(heic_of([filled, whole], version=version))
    assert not holds_zeros(heic_of([whole, filled], version=version, kind=b"Exif"))


def test_a_heic_that_was_filled_up_with_zeros_is_refused() -> None:
    data = HEIC["plain"]
    decode(data)
    start = data.index(b"mdat") + 4
    kept = start + (len(data) - start) // 2
    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(data[:kept] + bytes(len(data) - kept))


def test_a_container_that_cannot_be_followed_proves_nothing() -> None:
    rng = np.random.default_rng(2)
    whole = heic_of([bytes(range(1, 100))] * 3, version=1)
    for length in range(0, len(whole), 3):
        holds_zeros(whole[:length])
        holds_zeros(whole[:length] + rng.bytes(5) + whole[length + 5 :])


def test_a_container_that_names_its_data_without_end_costs_no_time() -> None:
    item = struct.pack(">HHHIH", 1, 0, 0, 0, 65_535)
    places = b"\1\0\0\0\0\x40" + struct.pack(">H", 65_535) + item * 65_535
    infos = box(b"iinf", b"\0\0\0\0\0\1" + box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0"))
    meta = box(b"meta", bytes(4) + infos + box(b"iloc", places))
    start = time.process_time()
    assert not holds_zeros(box(b"ftyp", b"heic") + meta + b"\1" * 20_000_000)
    assert time.process_time() - start < 1
