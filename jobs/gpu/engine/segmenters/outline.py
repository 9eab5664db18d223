"""Move the borders of a rough labelling onto the edges of the picture."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Mask, Rgb

Labels = NDArray[np.uint8]

UNSURE: Final = 255
_WORKING_SIDE: Final = 1024


def working_copy(rgb: Rgb) -> Rgb:
    """The photo, reduced to at most 1024 pixels on its longest side."""
    height, width = rgb.shape[:2]
    scale = _WORKING_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def doubt_borders(labels: Labels, count: int, reach: int) -> Labels:
    """Mark what lies within `reach` pixels of a border between labels 0 to count-1 as UNSURE."""
    side = 2 * reach + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    sure = np.full(labels.shape, UNSURE, np.uint8)
    for label in range(count):
        inside = (labels == label).astype(np.uint8)
        sure[cv2.erode(inside, disc, borderType=cv2.BORDER_REPLICATE) > 0] = label
    return sure


def settle_borders(labels: Labels, rgb: Rgb) -> Labels:
    """Give every UNSURE pixel to the neighbour it flows into, HxW, same size as `rgb`.

    Watershed from markers: Meyer, 1992. Two floods meet at the strongest edge between them.
    """
    markers = np.where(labels == UNSURE, 0, labels.astype(np.int32) + 1).astype(np.int32)
    cv2.watershed(np.ascontiguousarray(cv2.GaussianBlur(rgb, (0, 0), 1.0)), markers)
    # The watershed leaves a line of -1 between floods and around the picture.
    flooded = np.maximum(markers, 0).astype(np.uint8)
    widened = cv2.dilate(flooded, np.ones((3, 3), np.uint8))
    settled = np.where(flooded > 0, flooded, widened)
    return (np.maximum(settled, 1) - 1).astype(np.uint8)


def enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask (HxW, 0-255) at another size."""
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)
