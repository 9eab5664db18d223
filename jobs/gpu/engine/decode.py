"""From the bytes of an upload to a `Photo`, trusting neither the name nor the header.

The type is told by content, from a short list. Size limits are checked on the header, before a
pixel is decoded. A damaged file is refused: half a photo that looks finished is worse. What is
beside the picture (metadata, profiles, trailers) never refuses one whose pixels are all there.
A pure function of the bytes: it may run in any process.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.colour.incoming import in_rgb
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.formats import heic, jpeg, pillow, png, png_chunks
from jobs.gpu.engine.formats.not_a_photo import why_not_a_photo
from jobs.gpu.engine.formats.stored import Stored
from jobs.gpu.engine.photo import Photo
from jobs.limits import MAX_PHOTO_BYTES

_SEVERAL_FRAMES: Final = "the file holds several frames; only the first was edited"


def decode(data: bytes) -> Photo:
    """Decode a JPEG, PNG, WebP, AVIF or HEIC file.

    Of an animation the first frame is taken, with a warning. Raises PhotoError when the file is
    empty, over 25 MiB, over 50 megapixels, of another type, truncated or damaged.
    """
    if not data:
        raise PhotoError("file is empty")
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoError("file is larger than 25 MiB")
    stored = _read(data)
    rgb, profile = in_rgb(stored.pixels, stored.profile)
    alpha = stored.alpha
    if alpha is not None and bool((alpha == 255).all()):
        alpha = None
    return Photo(
        rgb=_upright(rgb, stored.orientation),
        alpha=None if alpha is None else _upright(alpha, stored.orientation),
        icc_profile=profile,
        warnings=(_SEVERAL_FRAMES,) if stored.frames > 1 else (),
    )


def _read(data: bytes) -> Stored:
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.read_jpeg(data)
    if data.startswith(png_chunks.SIGNATURE):
        return png.read_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return pillow.read_webp(data)
    if heic.is_heic(data):
        return heic.read_heic(data)
    if data[4:8] == b"ftyp":
        return pillow.read_avif(data)
    raise PhotoError(why_not_a_photo(data))


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Apply an EXIF orientation 1-8 (CIPA DC-008, tag 0x0112); other values mean upright."""
    turned = {
        2: lambda: pixels[:, ::-1],
        3: lambda: pixels[::-1, ::-1],
        4: lambda: pixels[::-1],
        5: lambda: pixels.swapaxes(0, 1),
        6: lambda: np.rot90(pixels, -1),
        7: lambda: pixels[::-1, ::-1].swapaxes(0, 1),
        8: lambda: np.rot90(pixels, 1),
    }.get(orientation, lambda: pixels)()
    return np.ascontiguousarray(turned)
