"""HEIC files are decoded in a process of their own.

Their decoder is the one that fuzzing brings down: a single wrong byte in the container ends the
process (libheif 1.23, pi-heif 1.4: an item type that is no UTF-8). Here it ends a child, and the
file is refused like any other damaged one.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final

import numpy as np

from jobs.gpu.engine.colour.primaries import profile_of_code_points
from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, PhotoError
from jobs.gpu.engine.formats.child import decoded
from jobs.gpu.engine.formats.heic_data import holds_zeros
from jobs.gpu.engine.formats.iso_boxes import ends_early
from jobs.gpu.engine.formats.stored import Stored
from jobs.limits import MAX_PHOTO_PIXELS

_PROGRAM: Final = Path(__file__).with_name("heic_process.py")
# ISO/IEC 23008-12, Annex B: brands of HEVC pictures, and of any picture.
_HEVC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_ANY: Final = frozenset({b"mif1", b"msf1"})
_AVIF: Final = frozenset({b"avif", b"avis"})
_REASONS: Final = {"too large": TOO_MANY_PIXELS, "not an image": NOT_AN_IMAGE}


def is_heic(data: bytes) -> bool:
    """Whether the file says so in its first box (ISO/IEC 14496-12, §4.3)."""
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    return bool(brands & _HEVC) or (bool(brands & _ANY) and not brands & _AVIF)


def read_heic(data: bytes) -> Stored:
    """Raises PhotoError when the file is over 50 megapixels, of another type, or damaged."""
    if ends_early(data) or holds_zeros(data):
        raise PhotoError(DAMAGED)
    with decoded(_PROGRAM, data, str(MAX_PHOTO_PIXELS)) as (target, _):
        header = json.loads(target.readline())
        if header["refused"]:
            raise PhotoError(_REASONS[header["refused"]])
        profile = target.read(header["profile"])
        shape = (header["height"], header["width"], header["channels"])
        pixels = np.fromfile(target, np.uint8, math.prod(shape)).reshape(shape)
    transparent = header["channels"] == 4
    return Stored(
        pixels=np.ascontiguousarray(pixels[..., :3]),
        alpha=np.ascontiguousarray(pixels[..., 3]) if transparent else None,
        profile=profile or profile_of_code_points(header["primaries"], header["transfer"]),
        orientation=header["orientation"],
        frames=header["frames"],
    )
