"""The small picture a client shows in a grid."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import simplejpeg

from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.view import reduced_on_white, view_factor

LONGEST_SIDE: Final = 512
QUALITY: Final = 85


def encode_preview(photo: Photo) -> bytes:
    """A JPEG in sRGB of at most 512 pixels on the longest side; transparency becomes white."""
    longest = max(photo.width, photo.height)
    scale = min(1.0, LONGEST_SIDE / longest)
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    # By a power of two first, which is quick, and only the rest by a fraction.
    rgb = reduced_on_white(photo, view_factor(photo, 2 * LONGEST_SIDE))
    if (rgb.shape[1], rgb.shape[0]) != size:
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    rgb = space_of(photo.icc_profile).shown(rgb)
    encoded: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(rgb), quality=QUALITY, colorspace="RGB", colorsubsampling="420"
    )
    return encoded
