"""HEIC files are decoded in a process of their own.

Their decoder is the one that fuzzing brings down: a single wrong byte in the container ends the
process (libheif 1.23, pi-heif 1.4: an item type that is no UTF-8). Here it ends a child that has
bounded memory and time, and the file is refused like any other damaged one. The child costs
about 0.08 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, PhotoError
from jobs.limits import MAX_PHOTO_PIXELS

_PROGRAM: Final = Path(__file__).with_name("heic_process.py")
_MOST_SECONDS: Final = 90.0
# What an interpreter may need to start. The worker's secrets are not the child's business.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH")
# ISO/IEC 23008-12, Annex B: brands of HEVC pictures, and of any picture.
_HEVC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_ANY: Final = frozenset({b"mif1", b"msf1"})
_AVIF: Final = frozenset({b"avif", b"avis"})
_REASONS: Final = {"too large": TOO_MANY_PIXELS, "not an image": NOT_AN_IMAGE}


@dataclass(frozen=True)
class HeicPixels:
    """pixels: HxWx3 or HxWx4, as stored; orientation: the EXIF value that is still to be applied;
    profile: the ICC profile, or b""."""

    pixels: NDArray[np.uint8]
    orientation: int
    profile: bytes
    frames: int


def is_heic(data: bytes) -> bool:
    """Whether the file says so in its first box (ISO/IEC 14496-12, §4.3)."""
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    return bool(brands & _HEVC) or (bool(brands & _ANY) and not brands & _AVIF)


def decode_heic(data: bytes) -> HeicPixels:
    """Raises PhotoError when the file is over 50 megapixels, of another type, or damaged."""
    # Files and not pipes: nothing is held twice, and neither side waits for the other.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.seek(0)
        try:
            subprocess.run(
                [sys.executable, "-I", _PROGRAM, str(MAX_PHOTO_PIXELS)],
                stdin=source,
                stdout=target,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                timeout=_MOST_SECONDS,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise PhotoError(DAMAGED) from error
        target.seek(0)
        header = json.loads(target.readline())
        if header["refused"]:
            raise PhotoError(_REASONS[header["refused"]])
        profile = target.read(header["profile"])
        shape = (header["height"], header["width"], header["channels"])
        pixels = np.empty(shape, np.uint8)
        target.readinto(pixels.reshape(-1).data)
    return HeicPixels(pixels, header["orientation"], profile, header["frames"])
