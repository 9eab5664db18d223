"""One picture as its file holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Mask


@dataclass(frozen=True)
class Stored:
    """Pixels and what the file says of them, not yet turned upright.

    pixels: HxWx1 gray, HxWx3 RGB or HxWx4 CMYK (0 is no ink). alpha: HxW, or None.
    profile: the ICC profile, unchecked, or b"". orientation: an EXIF value, 1-8.
    frames: how many pictures an animation has.
    """

    pixels: NDArray[np.uint8]
    alpha: Mask | None = None
    profile: bytes = b""
    orientation: int = 1
    frames: int = 1
