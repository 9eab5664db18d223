"""The boxes of HEIC and AVIF files (ISO/IEC 14496-12, §4.2).

Phones store a HEIC as a grid of tiles, and the decoder paints a tile that is missing green
without a word. The container says how long its parts are, so it can be asked instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

# The parts that hold pixels and their description. Others may be a maker's own business.
_NEEDED: Final = frozenset({b"ftyp", b"meta", b"mdat", b"moov"})
_MOST_BOXES: Final = 10_000


def boxes(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and start and end of the content, of the boxes that lie side by side in a span.

    Ends before whatever is no box; a box may claim more than there is.
    """
    position = start
    for _ in range(_MOST_BOXES):
        if position + 8 > stop:
            return
        size, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if size == 1:  # 64 bits follow; when they do not, the claim stands for itself
            header = 16
            size = 16
            if position + header <= stop:
                (size,) = struct.unpack_from(">Q", data, position + 8)
        elif size == 0:  # open-ended
            size = stop - position
        if size < header:
            return
        yield kind, position + header, position + size
        position += size


def ends_early(data: bytes) -> bool:
    """True when a needed top-level box claims bytes beyond the end of the file."""
    return any(kind in _NEEDED and end > len(data) for kind, _, end in boxes(data, 0, len(data)))
