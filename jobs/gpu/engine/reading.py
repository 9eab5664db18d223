"""From the bytes of a file to numbers of RGB, trusting neither the name nor the header.

The type is told by content, from a short list. Size limits are checked on the header, before a
pixel is decoded. A damaged file is refused: half a photo that looks finished is worse. What is
beside the picture (metadata, profiles, trailers) never refuses one whose pixels are all there.

Nothing here is to be called where secrets are: see `decode.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.colour.incoming import in_rgb
from jobs.gpu.engine.errors import NOT_AN_IMAGE, PhotoError
from jobs.gpu.engine.formats import heic, jpeg, pillow, png, png_chunks
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.formats.stored import Stored


@dataclass(frozen=True)
class Reading:
    """A picture as its file holds it, in RGB, not yet turned upright.

    rgb: HxWx3. alpha: HxW, None when fully opaque. icc_profile: belongs to `rgb`, None for sRGB.
    orientation: an EXIF value, 1-8. frames: how many pictures an animation has.
    """

    rgb: Rgb
    alpha: Mask | None
    icc_profile: bytes | None
    orientation: int
    frames: int


def read_photo(data: bytes, canvas: Canvas) -> Reading:
    """Read a JPEG, PNG, WebP, AVIF or HEIC file; of an animation the first frame.

    Raises PhotoError when the file is over 50 megapixels, of another type, truncated or damaged.
    """
    stored = _stored(data, canvas)
    rgb, profile = in_rgb(stored.pixels, stored.profile)
    alpha = stored.alpha
    if alpha is not None and bool((alpha == 255).all()):
        alpha = None
    return Reading(rgb, alpha, profile, stored.orientation, stored.frames)


def _stored(data: bytes, canvas: Canvas) -> Stored:
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.read_jpeg(data, canvas)
    if data.startswith(png_chunks.SIGNATURE):
        return png.read_png(data, canvas)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return pillow.read_webp(data, canvas)
    if heic.is_heic(data):
        return heic.read_heic(data, canvas)
    if data[4:8] == b"ftyp":
        return pillow.read_avif(data, canvas)
    raise PhotoError(NOT_AN_IMAGE)
