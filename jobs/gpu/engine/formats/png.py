"""PNG files: every chunk that holds pixels has the checksum it claims, or the file is refused."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from jobs.gpu.engine.colour.primaries import (
    SRGB,
    Primaries,
    profile_of,
    profile_of_code_points,
)
from jobs.gpu.engine.formats import libvips
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.formats.orientation import orientation_of
from jobs.gpu.engine.formats.png_chunks import (
    SIGNATURE,
    PngFile,
    exif_of,
    inflated,
    take_apart,
    xmp_of,
)
from jobs.gpu.engine.formats.stored import Stored

_SRGB_EXPONENT: Final = 1 / 2.2
_LEAST_EXPONENT, _MOST_EXPONENT = 0.2, 1.0
_END: Final = b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")


def read_png(data: bytes, canvas: Canvas) -> Stored:
    """Of an animation, the picture that viewers without animation show. Raises PhotoError."""
    file = take_apart(data)
    canvas.admit(file.width, file.height)
    # Nothing but the picture: a decoder need not read a text, nor judge a profile.
    pixels = libvips.read_png(b"".join([SIGNATURE, *file.picture, _END]))
    transparent = pixels.shape[2] in (2, 4)
    colours = pixels.shape[2] - transparent
    return Stored(
        pixels=np.ascontiguousarray(pixels[..., :colours]),
        alpha=np.ascontiguousarray(pixels[..., -1]) if transparent else None,
        profile=_profile(file),
        orientation=orientation_of(exif_of(file), xmp_of(file)),
        frames=_frames(file),
    )


def _profile(file: PngFile) -> bytes:
    """What says most of the colours, in the order of the PNG standard."""
    said = file.described
    if len(said.get(b"cICP", b"")) == 4:
        return profile_of_code_points(said[b"cICP"][0], said[b"cICP"][1])
    # iCCP: a name, a zero, the compression method, the compressed profile.
    _, _, rest = said.get(b"iCCP", b"").partition(b"\0")
    if rest[:1] == b"\0":
        return inflated(rest[1:])
    if b"sRGB" in said or len(said.get(b"gAMA", b"")) != 4:
        return b""
    return _described_by_numbers(said[b"gAMA"], said.get(b"cHRM", b""))


def _described_by_numbers(gamma: bytes, chromaticities: bytes) -> bytes:
    """gAMA and cHRM: 100,000 times the exponent of coding, and white, red, green and blue."""
    exponent = int.from_bytes(gamma, "big") / 100_000
    if not _LEAST_EXPONENT <= exponent <= _MOST_EXPONENT:
        return b""
    primaries: Primaries = SRGB
    if len(chromaticities) == 32:
        values = [value / 100_000 for value in struct.unpack(">8I", chromaticities)]
        white, red, green, blue = zip(values[::2], values[1::2], strict=True)
        primaries = (red, green, blue, white)
    plain = abs(exponent - _SRGB_EXPONENT) < 0.01 and np.allclose(primaries, SRGB, atol=0.005)
    return b"" if plain else profile_of(primaries, 1 / exponent)


def _frames(file: PngFile) -> int:
    control = file.described.get(b"acTL", b"")
    return int(struct.unpack_from(">I", control)[0]) if len(control) == 8 else 1
