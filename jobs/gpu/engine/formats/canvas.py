"""Where a decoder puts its pixels, and who is asked before it begins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.errors import TOO_MANY_PIXELS, PhotoError
from jobs.limits import MAX_PHOTO_PIXELS

Admit = Callable[[int], None]
"""Is told how many pixels a photo has, before one is decoded; may wait, may raise PhotoError."""


def welcome(pixels: int) -> None:
    """Any photo may be decoded at once."""


class Canvas:
    """Memory of this process, and no questions asked but for the size."""

    def admit(self, width: int, height: int) -> None:
        """To be called before a pixel is decoded. Raises PhotoError above 50 megapixels."""
        if width * height > MAX_PHOTO_PIXELS:
            raise PhotoError(TOO_MANY_PIXELS)

    def rows(self, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Room for the pixels of the picture."""
        return np.empty((height, width, channels), np.uint8)
