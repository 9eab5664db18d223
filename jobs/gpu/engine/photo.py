"""A decoded photo."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.gpu.engine.arrays import Mask, Rgb


@dataclass(frozen=True)
class Photo:
    """Pixels as they are meant to be seen: the EXIF orientation is already applied.

    rgb: HxWx3 uint8, C-contiguous. alpha: HxW uint8, or None when fully opaque.
    icc_profile: a usable RGB profile that belongs to the numbers in `rgb`, or None for sRGB.
    warnings: what was lost on the way in, in words for the client.
    """

    rgb: Rgb
    alpha: Mask | None = None
    icc_profile: bytes | None = None
    warnings: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.rgb.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.rgb.shape[1])
