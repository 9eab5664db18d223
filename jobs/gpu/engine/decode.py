"""From the bytes of an upload to a `Photo`, trusting neither the name nor the header.

The type is told by content, from a short list. Size limits are checked on the header, before a
pixel is decoded. A damaged file is refused: half a photo that looks finished is worse.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.errors import DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS, PhotoError
from jobs.gpu.engine.formats.heic import decode_heic, is_heic
from jobs.gpu.engine.formats.iso_boxes import ends_early
from jobs.gpu.engine.photo import Photo
from jobs.limits import MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF")

_SEVERAL_FRAMES: Final = "the file holds several frames; only the first was edited"
_ORIENTATION_TAG: Final = 0x0112

# What Pillow and its plugins are known to raise on hostile or broken files.
_DECODER_ERRORS: Final = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    RuntimeError, OverflowError, struct.error, zlib.error,
)  # fmt: skip


def decode(data: bytes) -> Photo:
    """Decode a JPEG, PNG, WebP, AVIF or HEIC file.

    Of an animation the first frame is taken, with a warning. Raises PhotoError when the file is
    empty, over 25 MiB, over 50 megapixels, of another type, truncated or damaged.
    """
    if not data:
        raise PhotoError("file is empty")
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoError("file is larger than 25 MiB")
    if is_heic(data):
        return _from_heic(data)
    with _open(data) as image:
        if image.width * image.height > MAX_PHOTO_PIXELS:
            raise PhotoError(TOO_MANY_PIXELS)
        if image.format == "AVIF" and ends_early(data):
            raise PhotoError(DAMAGED)
        warnings = _frame_warnings(image)
        try:
            rgb, alpha, profile = _pixels(image, data)
        except _DECODER_ERRORS as error:
            raise PhotoError(DAMAGED) from error
        orientation = _orientation(image)
    return Photo(
        rgb=_upright(rgb, orientation),
        alpha=None if alpha is None else _upright(alpha, orientation),
        icc_profile=profile,
        warnings=warnings,
    )


def _from_heic(data: bytes) -> Photo:
    if ends_early(data):
        raise PhotoError(DAMAGED)
    heic = decode_heic(data)
    pixels = _upright(heic.pixels, heic.orientation)
    rgb, alpha = _split(pixels) if pixels.shape[2] == 4 else (pixels, None)
    return Photo(
        rgb=rgb,
        alpha=alpha,
        icc_profile=_rgb_profile(heic.profile),
        warnings=(_SEVERAL_FRAMES,) if heic.frames > 1 else (),
    )


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PhotoError(NOT_AN_IMAGE) from error
    except _DECODER_ERRORS as error:
        raise PhotoError(DAMAGED) from error


def _frame_warnings(image: Image.Image) -> tuple[str, ...]:
    # A JPEG with several pictures (MPO) is a phone photo with a depth or gain map, no animation.
    if image.format in ("JPEG", "MPO") or getattr(image, "n_frames", 1) <= 1:
        return ()
    return (_SEVERAL_FRAMES,)


def _pixels(image: Image.Image, data: bytes) -> tuple[Rgb, Mask | None, bytes | None]:
    profile = _rgb_profile(image.info.get("icc_profile"))
    if image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB"):
        return _decode_jpeg(image, data), None, profile
    image.load()
    if image.mode == "CMYK":
        return _from_cmyk(image), None, None
    if image.mode.startswith("I"):
        return _from_wide_gray(image), None, profile
    if not image.has_transparency_data:
        return np.array(image.convert("RGB")), None, profile
    return *_split(np.array(image.convert("RGBA"))), profile


def _split(rgba: NDArray[np.uint8]) -> tuple[Rgb, Mask | None]:
    """Colours and alpha, which is None where everything is opaque."""
    alpha = np.ascontiguousarray(rgba[..., 3])
    opaque = bool((alpha == 255).all())
    return np.ascontiguousarray(rgba[..., :3]), None if opaque else alpha


def _decode_jpeg(image: Image.Image, data: bytes) -> Rgb:
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), np.uint8)
    except ValueError as error:
        # The strict decoder also refuses stray bytes between markers, which many cameras write
        # and which cost no pixel. Pillow reads those, and still refuses a file that ends early.
        if "extraneous" not in str(error):
            raise
    return np.array(image.convert("RGB"))


def _from_cmyk(image: Image.Image) -> Rgb:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a broken profile: the plain formula is close enough
        if converted is not None:
            return np.array(converted)
    return np.array(image.convert("RGB"))


def _from_wide_gray(image: Image.Image) -> Rgb:
    """16-bit gray. Pillow's own conversion clips it to white instead of scaling it down."""
    gray = (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.merge([gray] * 3), np.uint8)


def _rgb_profile(profile: object) -> bytes | None:
    """The embedded profile when it describes RGB numbers (bytes 16-20 name the space, ICC.1)."""
    if isinstance(profile, bytes) and profile[16:20] == b"RGB ":
        return profile
    return None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except _DECODER_ERRORS:
        return 1  # unreadable metadata is no reason to refuse good pixels


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
