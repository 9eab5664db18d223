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
from jobs.gpu.engine.view import full_size

# Protection wins a doubt: a pixel that is a quarter label counts as label.
_ENOUGH: Final = 64
_STRIP_ROWS: Final = 128


def protected_pixels(masks: Iterable[Mask], shape: tuple[int, int], factor: int = 1) -> BoolMask:
    """The union of soft masks as pixels of a photo (`shape`).

    The masks belong to its view, which is smaller by `factor`. The union is taken of the soft
    masks, so that enlarging it can only widen it. Raises ProtectionError for a mask of another
    size: stretching it would protect other pixels.
    """
    expected = (shape[0] // factor, shape[1] // factor)
    union = np.zeros(expected, np.uint8)
    for mask in masks:
        if mask.shape != expected:
            raise ProtectionError(f"mask of {mask.shape} cannot protect a picture of {expected}")
        np.maximum(union, mask, out=union)
    union = full_size(union, shape, factor)
    return np.asarray(cv2.threshold(union, _ENOUGH - 1, 1, cv2.THRESH_BINARY)[1]).view(np.bool_)


def unweighted(weight: Mask, protected: BoolMask) -> None:
    """Set the weight (HxW) of the protected pixels to 0, in place."""
    weight *= np.logical_not(protected).view(np.uint8)


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
    held = protected.view(np.uint8)
    for top in range(0, len(held), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        kept = np.ascontiguousarray(held[rows])
        if not cv2.countNonZero(kept):
            continue
        strip, source = edited[rows], original[rows]
        cv2.copyTo(source, kept, strip)
        if cv2.norm(strip, source, cv2.NORM_INF, kept) != 0:
            raise ProtectionError("a protected pixel changed")
