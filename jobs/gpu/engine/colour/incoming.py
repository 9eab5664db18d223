"""The RGB numbers of a photo, and the profile that belongs to them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.colour.conversion import to_srgb
from jobs.gpu.engine.colour.profile import matrix_profile, whole_profile

_SPACES: Final = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
_STRIP_ROWS: Final = 256


def in_rgb(pixels: NDArray[np.uint8], profile: bytes) -> tuple[Rgb, bytes | None]:
    """HxWx3, and a profile that describes it, or None for sRGB.

    pixels: HxWxC, gray, RGB or CMYK. RGB numbers keep the profile they came with when it is a
    matrix with curves, which can be followed in both directions. Everything else becomes sRGB, by
    its profile where it has one. A profile that cannot be used is dropped.
    """
    profile = whole_profile(profile)
    if pixels.shape[2] < 4 and matrix_profile(profile) is not None:
        return _as_rgb(pixels), profile
    if profile[16:20] == _SPACES[pixels.shape[2]]:
        try:
            return to_srgb(pixels, profile), None
        except ValueError:
            pass  # as if it had none
    return _as_rgb(pixels), None


def _as_rgb(pixels: NDArray[np.uint8]) -> Rgb:
    if pixels.shape[2] == 1:
        return np.asarray(cv2.merge([pixels] * 3), np.uint8)
    if pixels.shape[2] == 3:
        return pixels
    converted = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _STRIP_ROWS):
        strip = pixels[top : top + _STRIP_ROWS]
        image = Image.frombytes("CMYK", (strip.shape[1], strip.shape[0]), strip.tobytes())
        converted[top : top + _STRIP_ROWS] = np.asarray(image.convert("RGB"))
    return converted
