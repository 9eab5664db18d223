"""Whether a HEIC or AVIF file is all there.

Phones store a HEIC as a grid of tiles, and the decoder paints a tile that is missing green
without a word. The container says how long its parts are, so it can be asked instead.
"""

from __future__ import annotations

import struct
from typing import Final

# The parts that hold pixels and their description. Others may be a maker's own business.
_NEEDED: Final = frozenset({b"ftyp", b"meta", b"mdat", b"moov"})


def ends_early(data: bytes) -> bool:
    """True when a needed top-level box claims bytes beyond the end of the file.

    Boxes: ISO/IEC 14496-12, §4.2: a 32-bit size and a type; size 1 means that 64 bits follow,
    size 0 that the box is the last one and open-ended.
    """
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if size == 1:
            if position + 16 > len(data):
                return kind in _NEEDED
            (size,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        if size == 0:
            return False
        if size < header:
            return False  # not a box: something was appended to the file
        if position + size > len(data):
            return kind in _NEEDED
        position += size
    return False
