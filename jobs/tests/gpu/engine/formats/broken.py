"""Files of every kind that is read, and what can happen to one on its way."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
import pyvips
from PIL import Image

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.photo import Photo
from jobs.tests.gpu.engine.formats.jpeg_writer import segment, write_jpeg
from jobs.tests.gpu.engine.pictures import HEIC, saved

_LONGEST: Final = 600
_PNG_END: Final = b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")


def kinds_of_files(rgb: Rgb) -> dict[str, bytes]:
    """The picture (HxWx3) as a file of each kind that differs in how damage shows."""
    picture = Image.fromarray(rgb)
    alpha = np.tile(np.linspace(0, 255, rgb.shape[1]).astype(np.uint8), (rgb.shape[0], 1))
    cut_out = Image.fromarray(np.dstack([rgb, alpha]))
    jpeg = saved(picture, "JPEG", quality=85)
    wide = pyvips.Image.new_from_array(rgb.astype(np.uint16) * 257)
    return {
        "JPEG": jpeg,
        "JPEG, 4:4:4": saved(picture, "JPEG", quality=95, subsampling=0),
        "JPEG, restart markers": saved(picture, "JPEG", quality=85, restart_marker_rows=1),
        "JPEG, stray byte in the header": jpeg[:20] + b"\0" + jpeg[20:],
        "JPEG, progressive": saved(picture, "JPEG", quality=85, progressive=True),
        "JPEG, gray": saved(picture.convert("L"), "JPEG", quality=85),
        "JPEG, CMYK": saved(picture.convert("CMYK"), "JPEG", quality=85),
        "JPEG, odd sampling": write_jpeg(rgb, ((2, 2), (2, 1), (1, 1))),
        "JPEG, no end": jpeg[:-2],
        "JPEG, no end, Samsung trailer": jpeg[:-2] + samsung_trailer(),
        "PNG": saved(picture, "PNG"),
        "PNG, alpha": saved(cut_out, "PNG"),
        "PNG, palette": saved(picture.quantize(64), "PNG", transparency=3),
        "PNG, 16 bits": wide.pngsave_buffer(),
        "WebP": saved(picture, "WEBP", quality=85),
        "WebP, lossless": saved(cut_out, "WEBP", lossless=True, exact=True),
        "AVIF": saved(picture, "AVIF", quality=80),
        "HEIC": HEIC["plain"],
    }


def samsung_trailer(length: int = 600) -> bytes:
    """A motion photo's, as it follows the picture: a record with a film, a directory, "SEFT"."""
    name = b"MotionPhoto_Data"
    film = bytes(4) + b"ftypmp42" + np.random.default_rng(5).bytes(length)
    record = b"\0\0\x30\x0a" + len(name).to_bytes(4, "little") + name + film
    entry = b"\0\0\x30\x0a" + len(record).to_bytes(4, "little") * 2
    directory = b"SEFH\x6b\0\0\0\1\0\0\0" + entry
    return record + directory + len(directory).to_bytes(4, "little") + b"SEFT"


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """A JPEG with one more segment right after its start."""
    return jpeg[:2] + segment(marker, payload) + jpeg[2:]


def _somewhere(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(12, len(data))), int(rng.integers(1, _LONGEST))


def bit_flipped(data: bytes, rng: np.random.Generator) -> bytes:
    at, _ = _somewhere(data, rng)
    return data[:at] + bytes((data[at] ^ 1 << int(rng.integers(8)),)) + data[at + 1 :]


def byte_changed(data: bytes, rng: np.random.Generator) -> bytes:
    at, _ = _somewhere(data, rng)
    return data[:at] + rng.bytes(1) + data[at + 1 :]


def zeroed(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = _somewhere(data, rng)
    return data[:at] + bytes(min(length, len(data) - at)) + data[at + length :]


def overwritten(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = _somewhere(data, rng)
    return data[:at] + rng.bytes(min(length, len(data) - at)) + data[at + length :]


def shortened(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = _somewhere(data, rng)
    return data[:at] + data[at + length :]


def doubled(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = _somewhere(data, rng)
    return data[: at + length] + data[at:]


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _somewhere(data, rng)[0]]


def cut_and_closed(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut off, and ended as if nothing were missing."""
    end = {b"\xff\xd8": b"\xff\xd9", b"\x89P": _PNG_END}.get(data[:2], b"")
    return cut(data, rng) + end


DAMAGE: Final[dict[str, Callable[[bytes, np.random.Generator], bytes]]] = {
    "one bit": bit_flipped,
    "one byte": byte_changed,
    "zeros": zeroed,
    "noise": overwritten,
    "a piece lost": shortened,
    "a piece twice": doubled,
    "cut": cut,
    "cut and closed": cut_and_closed,
}


def outcome(data: bytes, whole: bytes) -> str:
    """ "refused", "whole" when the pixels are those of the undamaged file, or else "wrong"."""
    try:
        photo = decode(data)
    except PhotoError:
        return "refused"
    right = _whole(whole)
    same = photo.rgb.shape == right.rgb.shape and np.array_equal(photo.rgb, right.rgb)
    if photo.alpha is None or right.alpha is None:
        return "whole" if same and photo.alpha is right.alpha else "wrong"
    return "whole" if same and np.array_equal(photo.alpha, right.alpha) else "wrong"


@cache
def _whole(data: bytes) -> Photo:
    return decode(data)


def complained_of(data: bytes, kind: str) -> bool:
    """Whether another decoder has anything to say against a damaged file, apart from what it says
    against the whole one: libvips, told to be strict, or Pillow. Neither reads HEIC here."""
    data = _put_right(data, kind)
    try:
        if kind != "HEIC":
            picture = pyvips.Image.new_from_buffer(data, "", fail_on="warning", access="sequential")
            picture.write_to_memory()
            Image.open(io.BytesIO(data)).load()
    except (pyvips.Error, OSError, SyntaxError, ValueError):
        return True
    return False


def _put_right(data: bytes, kind: str) -> bytes:
    """Without the oddities of `kinds_of_files` that are no damage."""
    if "stray byte" in kind and data[20:21] == b"\0":
        return data[:20] + data[21:]
    if "no end" in kind:
        return data.removesuffix(samsung_trailer()) + b"\xff\xd9"
    return data
