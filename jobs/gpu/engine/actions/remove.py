"""Take something out of the picture and fill its place from the surroundings."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region, cover
from jobs.gpu.engine.actions.filling import fill
from jobs.gpu.engine.actions.shadows import contact_shadow
from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.errors import EditSkipped

# Shares of the object's extent: a rim that is always taken along, since a mask ends where the
# object ends and its blur does not, and how far its shadow is looked for.
_REACH: Final = 0.02
_SHADOW_REACH: Final = 0.12
_SURROUNDINGS: Final = 0.5
_LEAST_SOURCE: Final = 0.02
_MOST_PIXELS: Final = 4_000_000


def remove(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Fill the region; `value` is ignored. In a photo with alpha, the alpha is filled as well.

    See `Action`. Raises EditSkipped when the region leaves too little to fill it from.
    """
    hole = _hole(region, canvas.original)
    if not hole.any():
        raise EditSkipped("lies wholly under what stays, left unchanged", "covered")
    window = _window(hole)
    unknown = hole[window] | _held_inside(region, window)
    if float((~unknown).mean()) < _LEAST_SOURCE:
        raise EditSkipped(
            "too little is left around it to fill it from, left unchanged",
            "nothing to fill it from",
        )
    weight = np.zeros_like(region.weight)
    weight[window] = _feathered(hole[window])
    weight[region.weight > 0] = 255  # however small it is, nothing of it shines through
    weight[region.protected] = 0
    filled = _filled(canvas.rgb[window], unknown)
    cover(canvas.rgb[window], weight[window], filled)
    if canvas.alpha is not None:
        # Where an object stood on nothing, nothing remains; a cut-out's shadow must not spread.
        around = np.median(canvas.alpha[window][~unknown])
        empty = np.full(unknown.shape, around, np.uint8)
        share = weight[window].astype(np.float32) * np.float32(1 / 255)
        canvas.alpha[window] = cv2.blendLinear(empty, canvas.alpha[window], share, 1 - share)
    return ()


def _filled(rgb: Rgb, unknown: BoolMask) -> Rgb:
    """`fill`, at reduced size where the hole is large: it works in floating point throughout."""
    factor = 1
    while unknown.size > _MOST_PIXELS * factor * factor:
        factor *= 2
    if factor == 1:
        return fill(rgb, unknown)
    height, width = unknown.shape
    size = (-(-width // factor), -(-height // factor))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    touched = cv2.resize(unknown.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    enlarged = cv2.resize(
        fill(small, np.asarray(touched, np.bool_)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return np.asarray(enlarged, np.uint8)


def _hole(region: Region, rgb: Rgb) -> BoolMask:
    """The region with a rim and its contact shadow, and without what is protected."""
    core = (region.weight > 0).astype(np.uint8)
    rows, columns = np.flatnonzero(core.any(axis=1)), np.flatnonzero(core.any(axis=0))
    extent = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    hole = _grown(core, max(2, round(_REACH * extent)))
    hole |= contact_shadow(rgb, hole, max(4, round(_SHADOW_REACH * extent)))
    return np.asarray(hole & ~region.protected, np.bool_)


def _grown(mask: Mask, reach: int) -> BoolMask:
    """All within `reach` pixels; the time taken does not depend on the reach."""
    outside = (mask == 0).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(distance <= reach, np.bool_)


def _window(hole: BoolMask) -> tuple[slice, slice]:
    """The part of the picture that matters: the hole and as much again around it."""

    def span(axis: int) -> slice:
        present = np.asarray(hole.any(axis=axis))
        used = np.flatnonzero(present)
        first, last = int(used[0]), int(used[-1]) + 1
        margin = int(_SURROUNDINGS * (last - first)) + 32
        return slice(max(0, first - margin), min(len(present), last + margin))

    return span(1), span(0)


def _held_inside(region: Region, window: tuple[slice, slice]) -> BoolMask:
    """Protected pixels within the outline of the object, such as its logo.

    They stay in the picture, but the surroundings must not be filled with their colours.
    """
    core = (region.weight[window] > 0).astype(np.uint8)
    outlines, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(core)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return np.asarray((whole > 0) & region.protected[window], np.bool_)


def _feathered(hole: BoolMask) -> Mask:
    """Full weight inside, fading over the outermost pixels of the rim."""
    solid = hole.astype(np.uint8) * np.uint8(255)
    inner = cv2.erode(solid, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.minimum(cv2.GaussianBlur(inner, (0, 0), 1.2), solid), np.uint8)
