"""A WebP file without the last bytes of its picture (RFC 9649).

WebP has no checksum, and its decoder does not mind what is left over when all pixels are there. But
an arithmetic decoder that went astray rarely comes out at the end of its data: it stops before or
beyond. Beyond is noticed. And a picture that can do without its last bytes was not read to them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

# More than encoders fill up with: libwebp's with three bytes at most.
_MISSING: Final = 16
# A picture of one colour is hardly any data; there is nothing to damage in it either.
_LEAST: Final = 64
_MOST_CHUNKS: Final = 100
_PICTURES: Final = (b"VP8 ", b"VP8L")


def without_its_end(data: bytes) -> bytes | None:
    """What should not be a whole picture; None of an animation, and of next to no data."""
    for kind, start, length in _chunks(data):
        if kind in _PICTURES:
            if length < _LEAST or start + length > len(data):
                return None
            kept = data[start : start + length - _MISSING]
            chunks = data[12 : start - 8] + kind + struct.pack("<I", len(kept)) + kept
            chunks += bytes(len(kept) % 2)
            return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and length of the content of the chunks."""
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        yield kind, position + 8, length
        position += 8 + length + length % 2
