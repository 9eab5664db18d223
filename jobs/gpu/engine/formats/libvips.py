"""libvips, with libpng and libaom: for PNG, and for damage in AVIF."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.errors import DAMAGED, PhotoError

_STRICT: Final = {"access": "sequential", "fail_on": "warning"}
_CORRUPT: Final = ("Corrupt frame", "does not have the size signaled")


def read_png(data: bytes) -> NDArray[np.uint8]:
    """HxWxC of 1 (gray), 2 (gray, alpha), 3 or 4 channels; 16 bits become 8. Raises PhotoError."""
    vips = _library()
    try:
        pixels = vips.Image.pngload_buffer(data, **_STRICT).numpy()
    except vips.Error as error:
        raise PhotoError(DAMAGED) from error
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    return np.ascontiguousarray(pixels, np.uint8)


def is_corrupt_avif(data: bytes) -> bool:
    """Whether the reference decoder of AV1 finds the picture damaged or not of the size it claims.

    AV1 has no checksum, but whoever decodes damaged data rarely arrives at its end in the right
    state, and this decoder looks. That it cannot read a file is no proof against it.
    """
    vips = _library()
    try:
        vips.Image.heifload_buffer(data, **_STRICT).avg()
    except vips.Error as error:
        return any(words in str(error) for words in _CORRUPT)
    return False


def load() -> None:
    """Load the library now, for a process that cannot do so later."""
    _library()


@cache
def _library() -> Any:
    # Loaded when it is wanted: it starts threads, which a process that forks later must not have.
    # What its decoders complain of comes as an error as well; the rest is chatter.
    logging.getLogger("pyvips").setLevel(logging.CRITICAL)
    import pyvips

    # One process per core is the worker's business, and no picture is read twice.
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips
