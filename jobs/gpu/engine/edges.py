"""From a rough mask to one whose edge follows the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb

# Square of the contrast (in 8-bit steps) above which an edge of the picture stops the mask.
_EDGE_CONTRAST: Final = 150.0
_LARGE: Final = 1_000_000


def follow_edges(mask: Mask, rgb: Rgb) -> Mask:
    """Draw a rough mask (HxW) to the edges of the photo (HxWx3) and soften it there.

    Guided filter: He, Sun and Tang, 2010; on large photos its coefficients are computed on a
    reduced picture (He and Sun, "Fast guided filter", 2015).
    """
    height, width = mask.shape
    radius = max(2, max(height, width) // 400)
    scale = 1.0 if height * width <= _LARGE else 0.5 if height * width <= 4 * _LARGE else 0.25
    soft = cv2.ximgproc.guidedFilter(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY),
        mask.astype(np.float32) * (1 / 255),
        radius,
        _EDGE_CONTRAST,
        scale=scale,
    )
    # The filter leaves a faint veil on both sides of an edge. Cutting it off keeps a recoloured
    # wall from tinting what stands before it, and keeps 0 and 255 exact.
    firm: Floats = np.clip((np.asarray(soft, np.float32) - 0.12) * (1 / 0.76), 0, 1)
    return np.rint(firm * 255).astype(np.uint8)
