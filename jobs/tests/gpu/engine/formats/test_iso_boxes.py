from __future__ import annotations

import struct

import pytest
from PIL import Image

from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.formats.iso_boxes import ends_early
from jobs.tests.gpu.engine.pictures import saved, wall


def box(kind: bytes, content: bytes, *, claimed: int | None = None) -> bytes:
    size = len(content) + 8 if claimed is None else claimed
    return struct.pack(">I4s", size, kind) + content


def long_box(kind: bytes, content: bytes, *, missing: int = 0) -> bytes:
    return struct.pack(">I4sQ", 1, kind, len(content) + 16 + missing) + content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50)),
        box(b"ftyp", b"heic") + long_box(b"mdat", bytes(50)),
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50), claimed=0),
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50)) + box(b"own!", b"", claimed=900),
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50)) + b"trailer that is no box at all",
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50)) + bytes(5),
    ],
    ids=["empty", "whole", "64 bits", "open-ended", "foreign box", "trailer", "padding"],
)
def test_a_whole_file_does_not_end_early(data: bytes) -> None:
    assert not ends_early(data)


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"heic", claimed=900),
        box(b"ftyp", b"heic") + box(b"meta", bytes(50), claimed=900),
        box(b"ftyp", b"heic") + box(b"mdat", bytes(50), claimed=59),
        box(b"ftyp", b"heic") + long_box(b"mdat", bytes(50), missing=1),
        box(b"ftyp", b"heic") + struct.pack(">I4s", 1, b"mdat") + bytes(3),
    ],
    ids=["ftyp", "meta", "mdat", "64 bits", "half a header"],
)
def test_a_cut_file_ends_early(data: bytes) -> None:
    assert ends_early(data)


def test_a_photo_whose_container_is_cut_is_refused() -> None:
    data = saved(Image.fromarray(wall()), "AVIF")
    assert decode(data).rgb.shape == wall().shape
    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(data + box(b"mdat", b"", claimed=900))
