"""Whether the coded pictures of a HEIC were filled up with zeros, as uploads that broke off may be.

The decoder of HEVC shows what it has got. But HEVC never holds more than two zeros in a row within
a unit (ITU-T H.265, 7.4.2), and a unit begins with its length; so a long row of them is no picture.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Final

from jobs.gpu.engine.formats.iso_boxes import boxes

_ROW: Final = bytes(64)
_FULL_BOX: Final = 4
_MOST_ITEMS: Final = 10_000
_MOST_PIECES: Final = 20_000
_ELSEWHERE: Final = (-1, 0, 0)
_PICTURE: Final = b"hvc1"


def holds_zeros(data: bytes) -> bool:
    """True when a coded picture, or a tile of one, holds 64 zeros in a row."""
    try:
        return any(data.find(_ROW, *span) != -1 for span in _pictures(data))
    except (struct.error, IndexError):
        return False  # what cannot be followed proves nothing


def _pictures(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the data of the items of type hvc1 lies in the file."""
    meta = next(((a, b) for kind, a, b in boxes(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        return
    found = {kind: a for kind, a, _ in boxes(data, meta[0] + _FULL_BOX, min(meta[1], len(data)))}
    if b"iinf" in found and b"iloc" in found:
        pictures = set(_items_of_pictures(data, found[b"iinf"]))
        # Every byte belongs to one piece; who names some again and again only costs time.
        left = 2 * len(data)
        for item, start, length in islice(_places(data, found[b"iloc"]), _MOST_PIECES):
            left -= length
            if item in pictures and left >= 0:
                yield start, min(start + length, len(data))


def _items_of_pictures(data: bytes, start: int) -> Iterator[int]:
    """ISO/IEC 14496-12, 8.11.6."""
    width = 2 if data[start] == 0 else 4
    for kind, at, _ in boxes(data, start + _FULL_BOX + width, len(data)):
        if kind != b"infe" or data[at] not in (2, 3):
            return
        identifier = ">H" if data[at] == 2 else ">I"
        (item,) = struct.unpack_from(identifier, data, at + _FULL_BOX)
        after = at + _FULL_BOX + struct.calcsize(identifier) + 2
        if data[after : after + 4] == _PICTURE:
            yield item


def _places(data: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Item, offset and length of each piece of its data in the file (14496-12, 8.11.3)."""
    version = data[start]
    sizes, more = struct.unpack_from(">BB", data, start + _FULL_BOX)
    numbers = _Numbers(data, start + _FULL_BOX + 2)
    wide = 4 if version == 2 else 2
    for _ in range(min(numbers.next(wide), _MOST_ITEMS)):
        item = numbers.next(wide)
        method = numbers.next(2) & 15 if version else 0
        numbers.next(2)
        base = numbers.next(more >> 4)
        for _ in range(min(numbers.next(2), _MOST_ITEMS)):
            if version:
                numbers.next(more & 15)
            offset, length = numbers.next(sizes >> 4), numbers.next(sizes & 15)
            yield (item, base + offset, length) if method == 0 else _ELSEWHERE


class _Numbers:
    """Reads big-endian numbers of 0, 2, 4 or 8 bytes one after the other."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data, self._position = data, position

    def next(self, width: int) -> int:
        """Raises struct.error beyond the end of the data."""
        end = self._position + width
        if end > len(self._data):
            raise struct.error("beyond the end")
        number = int.from_bytes(self._data[self._position : end], "big")
        self._position = end
        return number
