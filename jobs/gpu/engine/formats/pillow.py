"""WebP and AVIF files, which Pillow reads.

Neither has a checksum. Damage is looked for where a decoder that went astray comes out.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from jobs.gpu.engine.colour.primaries import profile_of_code_points
from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, PhotoError
from jobs.gpu.engine.formats.avif_items import code_points, with_size_of_alpha
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.formats.iso_boxes import ends_early
from jobs.gpu.engine.formats.libvips import is_corrupt_avif
from jobs.gpu.engine.formats.orientation import orientation_of
from jobs.gpu.engine.formats.stored import Stored
from jobs.gpu.engine.formats.webp_end import without_its_end

# What Pillow and its plugins are known to raise on hostile or broken files.
DECODER_ERRORS: Final = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    RuntimeError, OverflowError, struct.error, zlib.error,
)  # fmt: skip


def read_webp(data: bytes, canvas: Canvas) -> Stored:
    """Raises PhotoError."""
    with _open(data, "WEBP") as image:
        stored = _stored(image, canvas, xmp=image.info.get("xmp", b""))
    shortened = without_its_end(data)
    if shortened is not None and _is_whole_webp(shortened):
        raise PhotoError(DAMAGED)
    return stored


def read_avif(data: bytes, canvas: Canvas) -> Stored:
    """Raises PhotoError."""
    # Turned by its container alone (MIAF, ISO/IEC 23000-22): Pillow puts that into the EXIF.
    with _open(with_size_of_alpha(data), "AVIF") as image:
        if ends_early(data):
            raise PhotoError(DAMAGED)
        stored = _stored(image, canvas, xmp=b"")
    if is_corrupt_avif(data):
        raise PhotoError(DAMAGED)
    return replace(stored, profile=stored.profile or profile_of_code_points(*code_points(data)))


def _is_whole_webp(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            image.load()
    except DECODER_ERRORS:
        return False
    return True


def _open(data: bytes, kind: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PhotoError(NOT_AN_IMAGE) from error
    except DECODER_ERRORS as error:
        raise PhotoError(DAMAGED) from error


def _stored(image: Image.Image, canvas: Canvas, *, xmp: bytes) -> Stored:
    canvas.admit(image.width, image.height)
    transparent = image.has_transparency_data
    try:
        pixels = np.array(image.convert("RGBA" if transparent else "RGB"))
    except DECODER_ERRORS as error:
        raise PhotoError(DAMAGED) from error
    return Stored(
        pixels=np.ascontiguousarray(pixels[..., :3]),
        alpha=np.ascontiguousarray(pixels[..., 3]) if transparent else None,
        profile=image.info.get("icc_profile") or b"",
        orientation=orientation_of(image.info.get("exif", b""), xmp),
        frames=getattr(image, "n_frames", 1),
    )
