"""Tiny photos that tell the obedient segmenter what to do."""

import io

from PIL import Image

from jobs.gpu.engine.segmenters.obedient import BLUE_PER_SECOND


def photo(color: tuple[int, int, int]) -> bytes:
    """A JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (48, 32), color).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def slow_photo(seconds: float) -> bytes:
    """One that a worker needs this long for, from 0.8 to 5 s."""
    return photo((0, 0, round(seconds * BLUE_PER_SECOND)))


QUICK = photo((120, 120, 120))
DEADLY = photo((250, 0, 0))
