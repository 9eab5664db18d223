"""From a rough mask to one whose edge follows the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb

# Square of the contrast (in 8-bit steps) above which an edge of the picture stops the mask.
_EDGE_CONTRAST: Final = 150.0
_WORKING_SIDE: Final = 2048
_LARGE: Final = 1_000_000


def follow_edges(mask: Mask, rgb: Rgb) -> Mask:
    """Draw a rough mask (HxW) to the edges of the photo (HxWx3) and soften it there.

    Guided filter: He, Sun and Tang, 2010; on all but small photos its coefficients are computed
    on a reduced picture (He and Sun, "Fast guided filter", 2015). No mask we are given is finer
    than 2048 pixels, so neither is the work.
    """
    height, width = mask.shape
    if max(height, width) > _WORKING_SIDE:
        scale = _WORKING_SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        drawn = _drawn(
            np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8),
            np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8),
        )
        enlarged = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, np.uint8)
    return _drawn(mask, rgb)


def _drawn(mask: Mask, rgb: Rgb) -> Mask:
    soft = cv2.ximgproc.guidedFilter(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY),
        mask.astype(np.float32) * np.float32(1 / 255),
        max(2, max(mask.shape) // 400),
        _EDGE_CONTRAST,
        scale=1.0 if mask.size <= _LARGE else 0.5,
    )
    # The filter leaves a faint veil on both sides of an edge. Cutting it off keeps a recoloured
    # wall from tinting what stands before it, and keeps 0 and 255 exact.
    firm: Floats = np.clip((np.asarray(soft, np.float32) - 0.12) * np.float32(1 / 0.76), 0, 1)
    return np.rint(firm * 255).astype(np.uint8)
