"""The small picture a client shows in a grid."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import simplejpeg

from jobs.gpu.engine.photo import Photo

LONGEST_SIDE: Final = 512
QUALITY: Final = 85


def encode_preview(photo: Photo) -> bytes:
    """A JPEG of at most 512 pixels on the longest side; transparency becomes white."""
    rgb = photo.on_white()
    scale = LONGEST_SIDE / max(photo.width, photo.height)
    if scale < 1:
        size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(rgb), quality=QUALITY, colorspace="RGB", colorsubsampling="420"
    )
    return encoded
