"""What one photo may be (contract §3.2): the web process, the worker and the engine agree on it.

Plain numbers without Django, as `presets.py`.
"""

from typing import Final

MAX_PHOTO_BYTES: Final = 25 * 1024 * 1024
MAX_PHOTO_PIXELS: Final = 50_000_000

# As people are told.
MAX_PHOTO_SIZE_TEXT: Final = f"{MAX_PHOTO_BYTES // 2**20} MiB"
MAX_PHOTO_PIXELS_TEXT: Final = f"{MAX_PHOTO_PIXELS // 10**6} megapixels"
