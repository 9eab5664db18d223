"""The chunks of a PNG file (PNG, third edition, W3C 2025, §5 and §11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, PhotoError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PALETTE: Final = 3
_PICTURE: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
# What describes the picture and can be lost without losing a pixel. Any other chunk whose
# checksum is wrong may have been one of the picture's before its name was hit.
_DESCRIPTION: Final = frozenset({
    b"acTL", b"bKGD", b"cHRM", b"cICP", b"cLLI", b"dSIG", b"eXIf", b"fcTL", b"fdAT", b"gAMA",
    b"gIFg", b"gIFx", b"hIST", b"iCCP", b"iTXt", b"mDCV", b"oFFs", b"pCAL", b"pHYs", b"sBIT",
    b"sCAL", b"sPLT", b"sRGB", b"sTER", b"tEXt", b"tIME", b"zTXt",
})  # fmt: skip
_MOST_CHUNKS: Final = 200_000
_MOST_METADATA: Final = 4 * 1024 * 1024
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_EXIF: Final = b"Raw profile type exif"
_XMP: Final = b"XML:com.adobe.xmp"


@dataclass
class PngFile:
    """A file taken apart.

    picture: its chunks that hold the picture, as they stand in the file, header first.
    described: payloads of the other chunks by name, the first of each; texts: by keyword.
    """

    width: int
    height: int
    colour_type: int
    picture: list[memoryview]
    described: dict[bytes, bytes] = field(default_factory=dict)
    texts: dict[bytes, bytes] = field(default_factory=dict)


def take_apart(data: bytes) -> PngFile:
    """Raises PhotoError when a checksum of the picture is wrong or chunks of it are missing."""
    chunks = _chunks(data)
    file = _header(*next(chunks, (b"", memoryview(b""), False)))
    kinds = {b"IHDR"}
    closed = False
    for kind, chunk, whole in chunks:
        if kind in _PICTURE:
            # Chunks of pixels lie side by side: what came between them may have been one.
            if not whole or kind == b"IHDR" or (closed and kind == b"IDAT"):
                raise PhotoError(DAMAGED)
            kinds.add(kind)
            file.picture.append(chunk)
        elif whole and kind[:1].isupper():
            raise PhotoError(NOT_AN_IMAGE)  # a chunk that must be understood, and is not
        elif whole:
            _note(file, kind, chunk[8:-4])
        elif kind not in _DESCRIPTION and b"IDAT" not in kinds:
            raise PhotoError(DAMAGED)
        closed = b"IDAT" in kinds and kind != b"IDAT"
    needed = {b"IDAT", b"PLTE"} if file.colour_type == PALETTE else {b"IDAT"}
    if not needed <= kinds:
        raise PhotoError(DAMAGED)
    return file


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Name, the chunk with its length and checksum, and whether the checksum is right.

    Ends before whatever is no chunk: that the picture is all there is the decoder's to say.
    """
    view, position = memoryview(data), len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        chunk = view[position : position + 12 + length]
        position += 12 + length
        if kind == b"IEND" or not kind.isalpha() or position > len(data):
            return
        yield kind, chunk, zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def inflated(compressed: bytes | memoryview) -> bytes:
    """A compressed piece of metadata, or nothing when it is broken or larger than 4 MiB."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(compressed, _MOST_METADATA)
    except zlib.error:
        return b""
    return content if inflater.eof else b""


def _header(kind: bytes, chunk: memoryview, whole: bool) -> PngFile:
    if kind != b"IHDR" or not whole or len(chunk) != 25:
        raise PhotoError(DAMAGED)
    width, height, _, colour_type = struct.unpack_from(">IIBB", chunk, 8)
    if not width or not height:
        raise PhotoError(DAMAGED)
    return PngFile(width, height, colour_type, [chunk])


def _note(file: PngFile, kind: bytes, payload: memoryview) -> None:
    if len(payload) > _MOST_METADATA:
        return
    if kind not in _TEXTS:
        file.described.setdefault(kind, bytes(payload))
        return
    keyword, _, rest = bytes(payload).partition(b"\0")
    if keyword in (_EXIF, _XMP) and keyword not in file.texts:
        file.texts[keyword] = _text(kind, rest)


def _text(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return inflated(rest[1:])
    compressed = rest[:1] == b"\1"
    # Two flags, then language and translated keyword, each closed by a zero.
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return inflated(text) if compressed else text


def exif_of(file: PngFile) -> bytes:
    """The EXIF structure: a chunk of its own, or ImageMagick's hexadecimal text from before it."""
    if b"eXIf" in file.described:
        return file.described[b"eXIf"]
    lines = file.texts.get(_EXIF, b"").split(b"\n", 3)
    try:
        return bytes.fromhex(lines[3].decode("ascii")) if len(lines) == 4 else b""
    except ValueError:
        return b""


def xmp_of(file: PngFile) -> bytes:
    """The XMP packet, or b""."""
    return file.texts.get(_XMP, b"")
