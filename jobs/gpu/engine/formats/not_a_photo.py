"""What was uploaded in place of a photo, told by its first bytes."""

from __future__ import annotations

import re
from typing import Final

from jobs.gpu.engine.errors import NOT_AN_IMAGE

_HEAD: Final = 512
# First bytes → what the file is, for people.
_KINDS: Final = {
    b"GIF8": "it is a GIF",
    b"II*\0": "it is a TIFF or a camera's raw file",
    b"MM\0*": "it is a TIFF or a camera's raw file",
    b"BM": "it is a BMP",
    b"%PDF": "it is a PDF",
    b"PK\x03\x04": "it is a ZIP archive",
    b"\x1f\x8b": "it is compressed (gzip)",
    b"8BPS": "it is a Photoshop file",
    b"\xff\x0a": "it is a JPEG XL",
    b"\0\0\0\x0cJXL ": "it is a JPEG XL",
    b"\0\0\0\x0cjP  ": "it is a JPEG 2000",
    b"data:": "it is text (base64), send the file's own bytes",
    b"<": "it is text",
    b"{": "it is text",
}
_FORM: Final = re.compile(rb"--[^\r\n]{1,100}\r?\nContent-(?:Disposition|Type):", re.IGNORECASE)
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_\r\n-]{64,}={0,2}\s*")


def why_not_a_photo(data: bytes) -> str:
    """Why a file of none of our types cannot be read, and what it is where that is known."""
    kind = _kind_of(data[:_HEAD])
    return f"{NOT_AN_IMAGE}, {kind}" if kind else NOT_AN_IMAGE


def _kind_of(head: bytes) -> str | None:
    if _FORM.match(head):
        return "it is a form, send the file's own bytes as the body"
    for start, kind in _KINDS.items():
        if head.startswith(start):
            return kind
    if _BASE64.fullmatch(head):
        return "it is text (base64), send the file's own bytes"
    return None
