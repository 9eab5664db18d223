"""The shadow a cut-out throws on the sheet it is laid on."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.backdrop import backdrop_of, spread

_WORKING_SIDE: Final = 384
# Shares of the thing's extent: what lies nearer may be in its shadow, what lies further cannot.
_NEAR, _FAR = 0.2, 0.6
_DARKEST: Final = 0.35
# On a plain sheet a shadow is the only thing to be seen. Deviation from its colour, and grain that
# a median filter takes out, in steps of L*a*b*.
_MOST_NOISE: Final = 3.5
_MOST_GRAIN: Final = 0.55
# A shadow is darker than this over at least this share of the thing's area, or there is none.
_VISIBLE: Final = 0.93
_LEAST_SHADOW: Final = 0.02
_COLOURED: Final = 9.0
# What is still so dark where the picture ends, on more than this share of its rim, is a table or a
# corner of the room.
_CUT_OFF: Final = 0.05
_MOST_CUT_OFF: Final = 0.02


def ground_shadow(rgb: Rgb, alpha: Mask) -> Floats:
    """How much light is left on the sheet, 0-1, as a small picture of the same proportions.

    The photo's own soft shadow where its backdrop (HxWx3; alpha HxW, of the thing) is plain enough
    to show one, else a drawn one where the thing touches the ground.
    """
    height, width = alpha.shape
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    thing = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    own = _photographed(small, thing)
    return _drawn(thing) if own is None else own


def _photographed(rgb: Rgb, thing: Mask) -> Floats | None:
    """The shadow that the photo shows, or None."""
    outside = cv2.erode((thing < 8).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    away = cv2.distanceTransform((thing < 128).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    extent = _extent(thing)
    beyond = outside & (away > _NEAR * extent)
    backdrop = backdrop_of(rgb, np.asarray(outside, np.bool_))
    if backdrop is None or float(beyond.mean()) < 0.05:
        return None
    around = outside & (away < _FAR * extent)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lightness = np.ascontiguousarray(lab[..., 0])
    grain = np.abs(lightness - cv2.medianBlur(lightness, 5))[around]
    if np.median(backdrop.noise[around]) > _MOST_NOISE or np.percentile(grain, 90) > _MOST_GRAIN:
        return None
    light = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    # The light of the sheet where no shadow falls: its brighter part, continued under the shadow.
    smooth = spread(light, outside.astype(np.float32), max(thing.shape) / 8)
    lit = (beyond & (light >= smooth - 2)).astype(np.float32)
    sheet = np.maximum(spread(light, lit, max(thing.shape) / 5), 1.0)
    left = np.clip(light / sheet, _DARKEST, 1)
    # What is coloured is no shadow on a sheet.
    stray = np.hypot(lab[..., 1] - backdrop.colour[..., 1], lab[..., 2] - backdrop.colour[..., 2])
    left = np.where(stray > _COLOURED, 1, left).astype(np.float32)
    darker = around & (left < _VISIBLE)
    if float(darker.sum()) < _LEAST_SHADOW * float((thing >= 128).sum()):
        return None
    shade = spread(np.asarray(1 - left, np.float32), outside.astype(np.float32), 1.6)
    fade = np.clip((_FAR - away / extent) / (_FAR - _NEAR), 0, 1)
    shade = np.maximum(shade - 0.02, 0) * fade
    rim = np.concatenate([shade[0], shade[-1], shade[:, 0], shade[:, -1]])
    if float((rim > _CUT_OFF).mean()) > _MOST_CUT_OFF:
        return None
    return np.asarray(1 - shade, np.float32)


def _drawn(thing: Mask) -> Floats:
    """A soft shadow under the lower part of the thing."""
    share = thing.astype(np.float32) / 255
    rows = np.flatnonzero((thing >= 128).any(axis=1))
    if not rows.size:
        return np.ones(thing.shape, np.float32)
    top, bottom = int(rows[0]), int(rows[-1])
    extent = _extent(thing)
    rise = np.arange(thing.shape[0], dtype=np.float32)[:, np.newaxis]
    low = np.clip((rise - bottom + 0.3 * (bottom - top)) / (0.3 * (bottom - top) + 1), 0, 1) ** 2
    foot = share * low
    shade = np.zeros(thing.shape, np.float32)
    for drop, wide, depth in ((0.008, 0.012, 0.40), (0.015, 0.045, 0.30)):
        shift = np.array([[1, 0, 0], [0, 1, drop * extent]], np.float32)
        fallen = cv2.warpAffine(foot, shift, (thing.shape[1], thing.shape[0]))
        blurred = cv2.GaussianBlur(fallen, (0, 0), max(0.8, wide * extent))
        shade = 1 - (1 - shade) * (1 - depth * blurred)
    return np.clip(1 - shade, 0, 1).astype(np.float32)


def _extent(thing: Mask) -> float:
    inside = thing >= 128
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return 1.0
    return float(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1)
