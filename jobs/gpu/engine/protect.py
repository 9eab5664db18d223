"""Protected pixels of the result equal the input's, bit for bit.

Protection is enforced three times over: edits are blended with weight zero there, the original
pixels are copied back at the end, and the result is compared before it leaves the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Mask
from jobs.gpu.engine.errors import ProtectionError

# Protection wins a doubt: a pixel that is a quarter label counts as label.
_ENOUGH: Final = 64


def protected_pixels(masks: Iterable[Mask], shape: tuple[int, int]) -> BoolMask:
    """The union of soft masks, each HxW of exactly `shape`.

    Raises ProtectionError for a mask of another size: stretching it would protect other pixels.
    """
    union = np.zeros(shape, np.bool_)
    for mask in masks:
        if mask.shape != shape:
            raise ProtectionError(f"mask of {mask.shape} cannot protect a photo of {shape}")
        union |= mask >= _ENOUGH
    return union


def restore(edited: NDArray[np.uint8], original: NDArray[np.uint8], protected: BoolMask) -> None:
    """Copy the protected pixels of `original` into `edited`, in place.

    Both are HxW or HxWxC of one shape. Raises ProtectionError when the shapes differ or when,
    against all reason, a protected pixel still differs afterwards.
    """
    if edited.shape != original.shape or edited.shape[:2] != protected.shape:
        raise ProtectionError(
            f"shapes differ: result {edited.shape}, input {original.shape}, "
            f"protection {protected.shape}"
        )
    if not protected.any():
        return
    np.copyto(edited, original, where=protected if edited.ndim == 2 else protected[..., np.newaxis])
    if cv2.norm(edited, original, cv2.NORM_INF, protected.astype(np.uint8)) != 0:
        raise ProtectionError("a protected pixel changed")
