"""The marker segments of a JPEG file (ITU-T T.81, Annex B).

Cameras write much around the picture that decoders stumble over or take for damage: stray bytes
between segments, old JFIF revisions, wrong chunk numbers, a trailer instead of the end. None of it
is a pixel. Here the segments that the picture is made of are told from the rest, so that whatever
a strict decoder still has to say of them is said of the picture.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, PhotoError

SOI, EOI, SOS, DNL = 0xD8, 0xD9, 0xDA, 0xDC
SEQUENTIAL: Final = frozenset({0xC0, 0xC1, 0xC9})
PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD})  # DHT, DAC, DQT, DRI
# Lossless and hierarchical pictures: JPEG, and nothing that is read here.
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RST0-7
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE

# More than any encoder writes, and few enough to be looked at one by one.
_MOST_SEGMENTS: Final = 4000
# After a table, more of them are what is left of a longer one.
_MOST_STRAY: Final = 16
_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_ICC: Final = b"ICC_PROFILE\0"
_FILL: Final = re.compile(rb"\xff+")
# Within a scan 0xFF is followed by 0, by a restart marker or by another 0xFF.
_AFTER_SCAN: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
# A Samsung phone may write its trailer in the place of the end of the picture. It is a row of
# records, type, length of a name, name, and is closed by a directory and "SEFT".
_SAMSUNG_RECORD: Final = re.compile(rb"\x00\x00..[\x01-\x40]\x00\x00\x00[A-Za-z][\w]{2}", re.DOTALL)
_SAMSUNG_END: Final = b"SEFT"


@dataclass(frozen=True)
class Component:
    """One colour of the picture: its identifier and sampling factors."""

    identifier: int
    across: int
    down: int


@dataclass(frozen=True)
class Frame:
    """The header of the picture (SOF)."""

    process: int
    width: int
    height: int
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Scan:
    """The header of a scan (SOS): identifiers of its components, band and bit positions."""

    components: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


@dataclass
class JpegFile:
    """A file taken apart.

    picture: marker and payload of each segment that the picture needs, in order; a scan's payload
    holds its data as well. adobe: the colour transform that Adobe's segment names.
    """

    frame: Frame | None = None
    scans: list[Scan] = field(default_factory=list)
    picture: list[tuple[int, memoryview]] = field(default_factory=list)
    jfif: bool = False
    adobe: int | None = None
    exif: bytes = b""
    xmp: bytes = b""
    icc: list[bytes] = field(default_factory=list)


def take_apart(data: bytes) -> JpegFile:
    """Raises PhotoError when the file is damaged or holds a kind of JPEG that is not read."""
    file = JpegFile()
    view = memoryview(data)
    for marker, start, stop in _segments(data):
        payload = view[start:stop]
        if marker in SEQUENTIAL or marker in PROGRESSIVE:
            if file.frame is not None:
                raise PhotoError(DAMAGED)
            file.frame = _frame(marker, payload)
        elif marker in _OTHER_FRAMES:
            raise PhotoError(NOT_AN_IMAGE)
        elif marker == SOS:
            file.scans.append(_scan(payload))
        elif marker not in _TABLES:
            _note(file, marker, payload)
            continue
        file.picture.append((marker, payload))
    if file.frame is None or not file.scans:
        raise PhotoError(DAMAGED)
    return file


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of what follows its length field; a scan's data goes with its header.

    A file without an end is read as far as it goes: whether the picture is whole is the decoder's
    to say.
    """
    position, seen = 2, 0
    limit, before = len(data), SOI
    while (found := data.find(b"\xff", position, limit)) != -1:
        if found - position > _MOST_STRAY and before in _TABLES | SEQUENTIAL | PROGRESSIVE:
            raise PhotoError(DAMAGED)
        fill = _FILL.match(data, found, limit)
        position = fill.end() if fill else limit
        if position >= limit:
            return
        marker = data[position]
        position += 1
        seen += 1
        if seen > _MOST_SEGMENTS:
            raise PhotoError(DAMAGED)
        if marker == EOI:
            return
        if marker == 0 or marker in _STANDALONE:
            continue
        if position + 2 > limit:
            raise PhotoError(DAMAGED)
        length = int.from_bytes(data[position : position + 2], "big")
        start, position = position + 2, position + length
        if length < 2 or position > limit:
            raise PhotoError(DAMAGED)
        if marker == SOS:
            if length < 8 or length != 6 + 2 * data[start]:
                raise PhotoError(DAMAGED)
            limit = _end_without_trailer(data, position, limit)
            after = _AFTER_SCAN.search(data, position, limit)
            position = after.start() if after else limit
        before = marker
        yield marker, start, position


def _end_without_trailer(data: bytes, position: int, limit: int) -> int:
    if data.endswith(_SAMSUNG_END, position, limit):
        record = _SAMSUNG_RECORD.search(data, position, limit)
        if record:
            return record.start()
    return limit


def _frame(marker: int, payload: memoryview) -> Frame:
    if len(payload) < 6:
        raise PhotoError(DAMAGED)
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    if len(payload) != 6 + 3 * count:
        raise PhotoError(DAMAGED)
    if precision != 8 or count not in (1, 3, 4):
        raise PhotoError(NOT_AN_IMAGE)
    components = tuple(
        Component(payload[at], payload[at + 1] >> 4, payload[at + 1] & 15)
        for at in range(6, len(payload), 3)
    )
    sampled = all(1 <= one.across <= 4 and 1 <= one.down <= 4 for one in components)
    if not (width and height and sampled):
        raise PhotoError(DAMAGED)
    return Frame(marker, width, height, components)


def _scan(payload: memoryview) -> Scan:
    count = payload[0] if len(payload) else 0
    if not 1 <= count <= 4:
        raise PhotoError(DAMAGED)
    first, last, bits = payload[1 + 2 * count : 4 + 2 * count]
    return Scan(tuple(payload[1 : 1 + 2 * count : 2]), first, last, bits >> 4, bits & 15)


def _note(file: JpegFile, marker: int, payload: memoryview) -> None:
    """Keep what is wanted of a segment that holds no pixels; refuse what no file should hold."""
    content = bytes(payload)
    if marker == _APP0 and content.startswith(b"JFIF\0"):
        file.jfif = True
    elif marker == _APP14 and content.startswith(b"Adobe") and len(content) >= 12:
        file.adobe = content[11]
    elif marker == _APP1 and content.startswith(_EXIF):
        file.exif = file.exif or content[len(_EXIF) :]
    elif marker == _APP1 and content.startswith(_XMP):
        file.xmp = file.xmp or content[len(_XMP) :]
    elif marker == _APP2 and content.startswith(_ICC):
        file.icc.append(content[len(_ICC) :])
    elif not (_APP0 <= marker <= _APP15 or marker in (_COM, DNL)):
        raise PhotoError(DAMAGED)
