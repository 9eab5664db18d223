"""JPEG files: every byte of the picture is there, or the file is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, PhotoError
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.formats.complaints import overheard
from jobs.gpu.engine.formats.jpeg_markers import EOI, SOI, SOS, Frame, JpegFile, take_apart
from jobs.gpu.engine.formats.jpeg_scans import check_scans
from jobs.gpu.engine.formats.orientation import orientation_of
from jobs.gpu.engine.formats.stored import Stored

SIGNATURE: Final = b"\xff\xd8\xff"
_END: Final = bytes((0xFF, EOI))
_COLOURS: Final = {1: "GRAY", 3: "RGB", 4: "CMYK"}
# So many zeros may be the end of a picture's data; more of them in a row it hardly ever holds.
_MOST_ZEROS: Final = 3
_UNUSUAL_SAMPLING: Final = "subsampling"
# What libjpeg says of the data of a picture (jerror.h), as far as it goes on all the same.
_COMPLAINTS: Final = (
    b"Corrupt JPEG data", b"Premature end", b"Inconsistent progression", b"Invalid SOS",
)  # fmt: skip


def read_jpeg(data: bytes, canvas: Canvas) -> Stored:
    """Raises PhotoError when the file is damaged, too large, or JPEG of a kind that is not read."""
    file = take_apart(data)
    assert file.frame is not None
    canvas.admit(file.frame.width, file.frame.height)
    check_scans(file.frame, file.scans)
    return Stored(
        pixels=_decoded(file, file.frame, canvas),
        profile=_profile(file.icc),
        orientation=orientation_of(file.exif, file.xmp),
    )


def _decoded(file: JpegFile, frame: Frame, canvas: Canvas) -> NDArray[np.uint8]:
    colour = _COLOURS[len(frame.components)]
    room = canvas.rows(frame.height, frame.width, len(frame.components))
    pixels = None
    for stream in _without_filling(_stream(file, frame)):
        try:
            pixels = _strictly(stream, colour, room)
        except ValueError as error:
            if _UNUSUAL_SAMPLING in str(error):
                pixels = _of_unusual_sampling(stream, frame)
        if pixels is not None:
            break
    if pixels is None:
        raise PhotoError(DAMAGED)
    # Whoever writes CMYK into a JPEG writes it as Adobe does, upside down.
    return np.bitwise_not(pixels) if colour == "CMYK" else pixels


def _without_filling(stream: bytes) -> Iterator[bytes]:
    """The file as it is, unless it ends in zeros that must not be taken for data, and without.

    Some encoders fill up with zeros after the last line, and an upload that broke off may be filled
    up with them too. Without them, the picture is whole or it is damaged.
    """
    data = stream.removesuffix(_END)
    bare = data.rstrip(b"\0")
    if bare.endswith(b"\xff"):
        bare = data[: len(bare) + 1]  # this one belongs to the 0xFF
    if len(data) - len(bare) <= _MOST_ZEROS:
        yield stream
    if len(data) > len(bare):
        yield bare + _END


def _strictly(stream: bytes, colour: str, room: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Raises ValueError for whatever the decoder complains of."""
    return np.asarray(simplejpeg.decode_jpeg(stream, colour, buffer=room), np.uint8)


def _of_unusual_sampling(stream: bytes, frame: Frame) -> NDArray[np.uint8] | None:
    """The quick decoder wants one of the sampling factors that it has names for. None of damage."""
    if len(frame.components) != 3:
        raise PhotoError(NOT_AN_IMAGE)
    with overheard() as complaints:
        pixels = cv2.imdecode(np.frombuffer(stream, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None or any(words in complaints for words in _COMPLAINTS):
        return None
    if pixels.shape != (frame.height, frame.width, 3):
        return None
    return np.asarray(pixels, np.uint8)


def _stream(file: JpegFile, frame: Frame) -> bytes:
    """A file of nothing but the picture, for a decoder that takes every oddity for damage."""
    parts: list[bytes | memoryview] = [bytes((0xFF, SOI)), _adobe(file, frame)]
    for marker, payload in file.picture:
        header = len(payload) if marker != SOS else 4 + 2 * payload[0]
        parts += [bytes((0xFF, marker)), (header + 2).to_bytes(2, "big"), payload]
    return b"".join([*parts, _END])


def _adobe(file: JpegFile, frame: Frame) -> bytes:
    """Adobe's segment, saying what decoders conclude from the file: gray, RGB or YCbCr, CMYK or
    YCCK. The order of these conclusions is libjpeg's."""
    identifiers = bytes(one.identifier for one in frame.components)
    if len(identifiers) == 1:
        return b""
    if len(identifiers) == 4:
        transform = 0 if file.adobe in (None, 0) else 2
    elif file.jfif:
        transform = 1
    elif file.adobe is not None:
        transform = 0 if file.adobe == 0 else 1
    else:
        transform = 0 if identifiers == b"RGB" else 1
    return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes((transform,))


def _profile(chunks: list[bytes]) -> bytes:
    """The ICC profile from its numbered chunks (ICC.1, B.4).

    Where the numbers make no sense the chunks are taken as they come; whether that is a profile
    is checked later on.
    """
    numbered = [chunk for chunk in chunks if len(chunk) > 2]
    if sorted(chunk[0] for chunk in numbered) == list(range(1, len(numbered) + 1)):
        numbered.sort(key=lambda chunk: chunk[0])
    return b"".join(chunk[2:] for chunk in numbered)
