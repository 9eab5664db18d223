"""HEIC files.

Their decoder is the one that fuzzing brings down: a single wrong byte in the container ends the
process (libheif 1.23, pi-heif 1.4: an item type that is no UTF-8). That is one reason for the cell
in which all formats are read (`jobs/gpu/engine/cell`).
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import pi_heif
from PIL import Image, UnidentifiedImageError

from jobs.gpu.engine.colour.primaries import profile_of_code_points
from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, PhotoError
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.formats.heic_data import holds_zeros
from jobs.gpu.engine.formats.iso_boxes import ends_early
from jobs.gpu.engine.formats.pillow import DECODER_ERRORS
from jobs.gpu.engine.formats.stored import Stored

_ORIENTATION_TAG: Final = 0x0112
# ISO/IEC 23008-12, Annex B: brands of HEVC pictures, and of any picture.
_HEVC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_ANY: Final = frozenset({b"mif1", b"msf1"})
_AVIF: Final = frozenset({b"avif", b"avis"})

pi_heif.register_heif_opener(decode_threads=1)


def is_heic(data: bytes) -> bool:
    """Whether the file says so in its first box (ISO/IEC 14496-12, §4.3)."""
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    return bool(brands & _HEVC) or (bool(brands & _ANY) and not brands & _AVIF)


def read_heic(data: bytes, canvas: Canvas) -> Stored:
    """Raises PhotoError when the file is over 50 megapixels, of another type, or damaged."""
    if ends_early(data) or holds_zeros(data):
        raise PhotoError(DAMAGED)
    try:
        with Image.open(io.BytesIO(data), formats=("HEIF",)) as image:
            canvas.admit(image.width, image.height)
            return _stored(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PhotoError(NOT_AN_IMAGE) from error
    except DECODER_ERRORS as error:
        raise PhotoError(DAMAGED) from error


def _stored(image: Image.Image) -> Stored:
    frames = getattr(image, "n_frames", 1)
    orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    profile = image.info.get("icc_profile") or b""
    named = image.info.get("nclx_profile") or {}
    image.load()
    transparent = image.has_transparency_data
    # Gray of 10 or 12 bits comes in 16: a plain conversion clips it to white.
    wide = image.mode.startswith("I;16")
    scaled = image.point(lambda level: level * (1 / 256)).convert("L") if wide else image
    pixels = np.asarray(scaled.convert("RGBA" if transparent else "RGB"))
    primaries, transfer = (
        named.get(name, 0) for name in ("color_primaries", "transfer_characteristics")
    )
    return Stored(
        pixels=np.ascontiguousarray(pixels[..., :3]),
        alpha=np.ascontiguousarray(pixels[..., 3]) if transparent else None,
        profile=profile or profile_of_code_points(primaries, transfer),
        orientation=orientation if isinstance(orientation, int) else 1,
        frames=frames,
    )
