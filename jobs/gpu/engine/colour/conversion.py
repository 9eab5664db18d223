"""Pictures to sRGB by profiles that are more than a matrix: CMYK, gray, tables. By LittleCMS."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from jobs.gpu.engine.arrays import Rgb

_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK"}
# Pillow keeps a copy of what it converts; in strips it is a small one.
_STRIP_ROWS: Final = 256


def to_srgb(pixels: NDArray[np.uint8], profile: bytes) -> Rgb:
    """HxWx3 of HxWxC, gray, RGB or CMYK.

    Raises ValueError when LittleCMS cannot use the profile, or not for these numbers.
    """
    mode = _MODES[pixels.shape[2]]
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        raise ValueError("an unusable profile") from error
    converted = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _STRIP_ROWS):
        strip = pixels[top : top + _STRIP_ROWS]
        image = Image.frombytes(mode, (strip.shape[1], strip.shape[0]), strip.tobytes())
        result = ImageCms.applyTransform(image, transform)
        assert result is not None
        converted[top : top + _STRIP_ROWS] = np.asarray(result)
    return converted
