"""The shadow an object throws where it stands."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.filling import light_under
from jobs.gpu.engine.arrays import BoolMask, Rgb

_WORKING_SIDE: Final = 384
# A shadow is darker than the ground beyond it by at least this factor.
_DARKER: Final = 0.82
_LEAST_KNOWN: Final = 0.05


def contact_shadow(rgb: Rgb, hole: BoolMask, reach: int) -> BoolMask:
    """Pixels within `reach` of the hole (HxW) that are darker than the ground further out.

    Left in the picture, they would outline what was removed, and darken what replaces it.
    """
    height, width = hole.shape
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    gray = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    core = cv2.resize(hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    around = max(1, round(reach * scale))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * around + 1, 2 * around + 1))
    near = cv2.dilate(core, disc) > 0
    if float((~near).mean()) < _LEAST_KNOWN:
        return np.zeros_like(hole)
    ground = light_under(np.asarray(gray, np.uint8), np.asarray(near, np.bool_))
    darker = near & (gray.astype(np.float32) < _DARKER * ground.astype(np.float32))
    joined = cv2.morphologyEx(
        (darker | (core > 0)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    # A shadow ends softly: go past the pixels that are still half in it.
    joined = cv2.dilate(joined, np.ones((7, 7), np.uint8))
    found = cv2.resize(joined, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(found & ~hole, np.bool_)
