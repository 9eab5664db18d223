"""What an AVIF file says of its items, where Pillow does not pass it on or stumbles over it.

Boxes of ISO/IEC 23008-12 (HEIF): `ipco` holds properties, `ipma` names those of each item, by one
byte each in the files that matter here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jobs.gpu.engine.formats.iso_boxes import boxes

_FULL_BOX: Final = 4
_MOST_ITEMS: Final = 1000
_ESSENTIAL: Final = 0x80

Span = tuple[int, int]


@dataclass(frozen=True)
class _Property:
    """kind and content of a property, and the byte of the file that names it for an item."""

    kind: bytes
    content: Span
    named_at: int


def with_size_of_alpha(data: bytes) -> bytes:
    """The file with a size for its transparency, if it has one that lacks it.

    Early versions of cavif left it out, and libavif insists on it. It is the size of the
    picture, or this could not be its transparency. It is named in the place of `pixi`, which
    libavif can do without, so that nothing moves. Any other file is returned as it is.
    """
    try:
        items, meta = _items(data)
        alphas = set(_auxiliaries(data, _only(data, meta, b"iref"))) if items else set()
    except struct.error:
        return data
    sizes = [one for item in items.keys() - alphas for one in items[item] if one.kind == b"ispe"]
    patched = None
    for item in items.keys() & alphas:
        kinds = {one.kind: one for one in items[item]}
        if sizes and b"ispe" not in kinds and b"pixi" in kinds:
            patched = patched or bytearray(data)
            patched[kinds[b"pixi"].named_at] = data[sizes[0].named_at]
    return data if patched is None else bytes(patched)


def code_points(data: bytes) -> tuple[int, int]:
    """Colour primaries and transfer characteristics (ITU-T H.273) of the picture, 0 for unsaid."""
    try:
        items, meta = _items(data)
        primary = _only(data, meta, b"pitm")
        if primary is None:
            return 0, 0
        (item,) = struct.unpack_from(">H", data, primary[0] + _FULL_BOX)
        for one in items.get(item, ()):
            start = one.content[0]
            if one.kind == b"colr" and data[start : start + 4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", data, start + 4)
                return primaries, transfer
    except struct.error:
        pass
    return 0, 0


def _items(data: bytes) -> tuple[dict[int, list[_Property]], Span]:
    """The properties of each item, and where the metadata lies."""
    whole = _only(data, (0, len(data)), b"meta") or (0, 0)
    meta = (min(whole[0] + _FULL_BOX, whole[1]), min(whole[1], len(data)))
    tables = _only(data, meta, b"iprp") or (0, 0)
    container, table = _only(data, tables, b"ipco"), _only(data, tables, b"ipma")
    if container is None or table is None:
        return {}, meta
    known = [(kind, (start, stop)) for kind, start, stop in boxes(data, *container)]
    items: dict[int, list[_Property]] = {}
    for item, places in _associations(data, table):
        indices = ((at, data[at] & ~_ESSENTIAL) for at in places)
        items[item] = [_Property(*known[i - 1], at) for at, i in indices if 0 < i <= len(known)]
    return items, meta


def _only(data: bytes, span: Span, wanted: bytes) -> Span | None:
    """Where the content of the first box of a kind lies."""
    return next(((a, b) for kind, a, b in boxes(data, *span) if kind == wanted), None)


def _auxiliaries(data: bytes, references: Span | None) -> Iterator[int]:
    """The items that are auxiliary to another one (ISO/IEC 14496-12, 8.11.12)."""
    if references is None or data[references[0] : references[0] + 1] != b"\0":
        return
    for kind, start, _ in boxes(data, references[0] + _FULL_BOX, references[1]):
        if kind == b"auxl":
            yield struct.unpack_from(">H", data, start)[0]


def _associations(data: bytes, table: Span) -> Iterator[tuple[int, range]]:
    """Each item and where in the file its properties are named."""
    position, stop = table
    stop = min(stop, len(data))
    if data[position : position + _FULL_BOX] != bytes(_FULL_BOX):
        return  # longer numbers, for files of many items
    (count,) = struct.unpack_from(">I", data, position + _FULL_BOX)
    position += _FULL_BOX + 4
    for _ in range(min(count, _MOST_ITEMS)):
        item, length = struct.unpack_from(">HB", data, position)
        position += 3 + length
        if position > stop:
            return
        yield item, range(position - length, position)
