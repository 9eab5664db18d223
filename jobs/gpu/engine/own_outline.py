"""A photo that was cut out before says itself where its product is.

Models are shown such a photo on white, where a white thing is gone. Its alpha knows better: what is
opaque is the product; a shadow is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Mask
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.presets import canonical

_PRODUCT: Final = frozenset({"body", "product"})
_BACKGROUND: Final = "background"
# From this alpha on a pixel is opaque; shadows are less.
_OPAQUE: Final = 230
# Shares of the picture that may be opaque, and of its rim: round corners make no cut-out.
_LEAST, _MOST = 0.01, 0.9
_MOST_OF_RIM: Final = 0.25


def by_own_outline(found: Segmentation, alpha: Mask | None, shape: tuple[int, int]) -> Segmentation:
    """The same with product and background by the alpha (HxW) of the photo, if that cuts something
    out. `shape` is that of the masks."""
    wanted = {
        name: canonical(name)
        for name in (*found.masks, *found.not_found)
        if canonical(name) in _PRODUCT or canonical(name) == _BACKGROUND
    }
    if alpha is None or not wanted:
        return found
    rows, columns = shape
    reduced = cv2.resize(alpha, (columns, rows), interpolation=cv2.INTER_AREA)
    opaque = (reduced >= _OPAQUE).astype(np.uint8) * np.uint8(255)
    share = float((opaque > 0).mean())
    rim = np.concatenate([opaque[0], opaque[-1], opaque[:, 0], opaque[:, -1]])
    if not _LEAST <= share <= _MOST or float((rim > 0).mean()) > _MOST_OF_RIM:
        return found
    own = {
        name: np.asarray(255 - opaque if kind == _BACKGROUND else opaque, np.uint8)
        for name, kind in wanted.items()
    }
    absent = tuple(name for name in found.not_found if name not in own)
    return replace(found, masks={**found.masks, **own}, not_found=absent)
