"""What one photo may be (contract §3.2): the web process, the worker and the engine agree on it.

Plain numbers without Django, as `presets.py`.
"""

from typing import Final

MAX_PHOTO_BYTES: Final = 25 * 1024 * 1024
MAX_PHOTO_PIXELS: Final = 50_000_000

# As people are told.
MAX_PHOTO_SIZE_TEXT: Final = f"{MAX_PHOTO_BYTES // 2**20} MiB"
MAX_PHOTO_PIXELS_TEXT: Final = f"{MAX_PHOTO_PIXELS // 10**6} megapixels"

# What a photo of 12 megapixels takes of one core, with room to spare: who takes longer has had a
# larger share of the workers (docs/adr/0008-fair-share.md).
USUAL_MS: Final = 4000


def overtime(held_ms: int) -> int:
    """Milliseconds that a photo kept a worker busy beyond the usual."""
    return max(0, held_ms - USUAL_MS)


# What is left of an upload that was too large: an empty object with this metadata (contract §5).
TOO_LARGE_MARK = ("problem", "too_large")
