"""Several coats of paint on one surface: a dark wall beside white ones.

Taken for one paint, the dark wall would be a shadow under the new colour. Two coats are told from
light and shade by their border, which is sharp, and by how much of the surface each covers.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask

# The lighter coat is so many times as light (coded), and each covers this share of the surface.
_APART: Final = 1.5
_SHARE: Final = 0.12
# A patch of sun is burnt out, white paint hardly ever.
_BURNT: Final = 238.0
# Along their border the step is this share of the whole difference within so many pixels.
_STEEP: Final = 0.45
_MOSTLY: Final = 0.9
_WITHIN: Final = 3
_LEAST_BORDER: Final = 0.1
_LEAST_PATCH: Final = 0.004


def evened(base: Floats, inside: Floats) -> Floats | None:
    """The light on a surface relative to that on each of its coats, h x w, about 1; None when it
    has one coat.

    base: h x w, its coded luma without detail; inside: how much of a place belongs to it, 0-1.
    """
    core = inside > 0.5
    dark = _darker(base, core)
    if dark is None:
        return None
    coats = (dark, core & ~dark)
    light = np.ones_like(base)
    side = 2 * _WITHIN + 3
    reach = np.ones((side, side), np.uint8)
    for coat in coats:
        level = float(base[coat].mean())
        # Next to the border the light is that of a little further in.
        firm = cv2.erode(coat.astype(np.uint8), reach, borderType=cv2.BORDER_REPLICATE)
        weight = firm.astype(np.float32)
        wide = (4 * side + 1, 4 * side + 1)
        amount = cv2.blur(weight, wide)
        near = cv2.blur(weight * base, wide) / np.maximum(amount, 1e-3)
        near = np.where(amount > 1e-2, near, np.float32(level))
        rim = coat & (firm == 0) & (_grown(core & ~coat, reach))
        light = np.where(coat, np.where(rim, near, base) / np.float32(level), light)
    return light.astype(np.float32)


def _darker(base: Floats, core: BoolMask) -> BoolMask | None:
    """Where the darker of two coats is, or None when there is one coat."""
    values = base[core]
    if values.size < 200:
        return None
    level, _ = cv2.threshold(values.astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    dark = core & (base <= level)
    dark = _cleaned(dark, core)
    light = core & ~dark
    if min(int(dark.sum()), int(light.sum())) < _SHARE * values.size:
        return None
    low, high = float(np.median(base[dark])), float(np.median(base[light]))
    if high < _APART * low or high > _BURNT:
        return None
    side = 2 * _WITHIN + 1
    disc = np.ones((side, side), np.uint8)
    # What ends where the surface ends, at a frame or a lamp, says nothing.
    middle = cv2.erode(core.astype(np.uint8), disc, borderType=cv2.BORDER_REPLICATE) > 0
    border = _grown(dark, np.ones((3, 3), np.uint8)) & light & middle
    if border.sum() < _LEAST_BORDER * max(core.shape):
        return None
    step = cv2.dilate(base, disc) - cv2.erode(base, disc)
    steep = float((step[border] > _STEEP * (high - low)).mean())
    return dark if steep > _MOSTLY else None


def _cleaned(dark: BoolMask, core: BoolMask) -> BoolMask:
    """Small patches go to the coat around them."""
    least = _LEAST_PATCH * core.size
    for _ in range(2):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        dark = core & ~(dark & ~small[:count][labels])
    return np.asarray(dark, np.bool_)


def _grown(area: BoolMask, reach: Mask) -> BoolMask:
    return np.asarray(cv2.dilate(area.astype(np.uint8), reach) > 0, np.bool_)
