"""Which way up a picture is, by what its metadata says: EXIF first, then XMP."""

from __future__ import annotations

import re
import struct
from typing import Final
from xml.parsers import expat

_TAG: Final = 0x0112
_SHORT, _LONG = 3, 4
_MOST_XMP: Final = 4 * 1024 * 1024
_MOST_TEXT: Final = 64
_SEPARATOR: Final = " "
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DESCRIPTION: Final = [f"{_RDF} RDF", f"{_RDF} Description"]
_ORIENTATION: Final = "http://ns.adobe.com/tiff/1.0/ Orientation"
_VALUE: Final = re.compile(r"\s*([1-8])\s*")


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """The orientation 1-8 (CIPA DC-008, tag 0x0112), 1 when nothing valid is said of it.

    exif: a TIFF structure, with or without "Exif" and two zeros before it. xmp: an XMP packet.
    """
    return _in_exif(exif) or _in_xmp(xmp) or 1


def _in_exif(exif: bytes) -> int | None:
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, at)
            if tag == _TAG and kind in (_SHORT, _LONG) and values == 1:
                (value,) = struct.unpack_from(
                    order + ("H" if kind == _SHORT else "I"), tiff, at + 8
                )
                return int(value) if 1 <= value <= 8 else None
    except struct.error:
        pass  # cut off: metadata is no reason to refuse good pixels
    return None


def _in_xmp(xmp: bytes) -> int | None:
    """`tiff:Orientation` of the picture itself: a property of a description at the top.

    A text that mentions it, or the orientation of the picture that this one was made from, is
    something else. XMP: ISO 16684-1, for properties that are attributes.
    """
    if len(xmp) > _MOST_XMP or b"Orientation" not in xmp:
        return None
    reader = _XmpReader()
    try:
        reader.parser.Parse(xmp.rstrip(b"\0"), True)
    except (expat.ExpatError, ValueError, LookupError):
        return None  # no XML, or an encoding that nobody has
    match = _VALUE.fullmatch(reader.found)
    return int(match[1]) if match else None


class _XmpReader:
    """Looks for one property; entities and document types, which XMP has none of, end it."""

    def __init__(self) -> None:
        self.found = ""
        self._path: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._path[-2:] == _DESCRIPTION and len(self._path) <= 3 and not self.found:
            self.found = attributes.get(_ORIENTATION, "")

    def _end(self, name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        # Bounded in depth and length: every call must cost the same, whatever the packet holds.
        if 3 <= len(self._path) <= 4 and len(self.found) < _MOST_TEXT:
            *above, name = self._path
            if name == _ORIENTATION and above[-2:] == _DESCRIPTION:
                self.found += text

    def _refuse(self, *declaration: object) -> None:
        raise ValueError("an XMP packet has no document type")
