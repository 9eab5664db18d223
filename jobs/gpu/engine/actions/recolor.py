"""Give a surface another colour and leave its shadows, highlights and grain where they are."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import (
    TILE_COLUMNS,
    TILE_ROWS,
    Canvas,
    Region,
    blend,
)
from jobs.gpu.engine.actions.thing_paint import ThingPaint
from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.lab import to_lab
from jobs.gpu.engine.light import enlarged
from jobs.vocabulary import DEFAULT_MATERIAL, find_material, parse_hex

# Detail is a power of the old paint's: a white wall does not magnify the noise of a dark one, and
# dark paint keeps visible relief. How much, and its limits.
_RELIEF: Final = -0.35
_LEAST_RELIEF: Final = 0.5
_MOST_RELIEF: Final = 1.35
# From this stretch on the 256 levels of a photo show as steps, and are dithered.
_STRETCH: Final = 1.25


def recolor(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Move the region's mean colour to `value`: #RGB, #RRGGBB or a named material.

    See `Action`. Raises EditSkipped for an unknown value.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_MATERIAL
        warnings = (f"no value given for recolor, {value} was used",)
    target = _target(value)
    # What was cut out is a thing, and is shown in its own light; anything else belongs to a room.
    if region.matte is not None:
        colour = np.clip(canvas.space.from_srgb(target[np.newaxis].astype(np.float64))[0], 0, 255)
        thing = ThingPaint(canvas.original, region.weight, np.asarray(colour, np.float32))
        blend(canvas, region.weight, thing.on)
    else:
        blend(canvas, region.weight, _Paint(canvas, region, target).on)
    return warnings


class _Paint:
    """The wanted colour under the light on a region.

    A pixel is the light on its surroundings times its own detail; the first is painted at reduced
    size, the second taken over from the photo.
    """

    def __init__(self, canvas: Canvas, region: Region, target: Floats) -> None:
        self._shape = region.weight.shape
        lit = canvas.light.on(region, target).in_space(canvas.space)
        relief = float(np.clip(lit.gain**_RELIEF, _LEAST_RELIEF, _MOST_RELIEF))
        level = np.arange(256, dtype=np.float32) / 255
        self._detail = (level**relief).astype(np.float32)
        share = np.asarray(cv2.pow(255 / lit.base, relief), np.float32)
        self._colour = np.asarray(cv2.multiply(lit.colour, cv2.merge([share] * 3)), np.float32)
        self._limit = lit.limit
        stretch = lit.gain * relief
        self._grain = _dither(stretch) if stretch > _STRETCH else None

    def on(self, tile: Rgb, rows: slice, columns: slice) -> Rgb:
        luma = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
        smooth = enlarged(self._limit, rows, columns, self._shape)
        limit = np.rint(smooth).astype(np.uint8)
        excess = cv2.subtract(luma, limit)
        shining = cv2.countNonZero(excess) > 0
        if shining:
            luma = cv2.min(luma, limit)
        detail = cv2.merge([cv2.LUT(luma, self._detail)] * 3)
        colour = enlarged(self._colour, rows, columns, self._shape)
        if self._grain is None:
            painted = cv2.multiply(colour, detail, dtype=cv2.CV_8U)
        else:
            exact = cv2.multiply(colour, detail, dst=colour)
            noise = self._grain[: exact.shape[0], : exact.shape[1]]
            painted = cv2.add(exact, noise, dtype=cv2.CV_8U)
        if shining:
            painted = cv2.add(painted, cv2.merge([excess] * 3))
        return np.asarray(painted, np.uint8)


def _target(value: str) -> Floats:
    """The wanted mean, 0-255 per channel."""
    colour, lighter = parse_hex(value), 0.0
    if colour is None:
        material = find_material(value)
        if material is None:
            raise EditSkipped(
                f"unknown colour or material {value!r}, left unchanged", f"unknown value {value}"
            )
        colour, lighter = material
    lab: Floats = to_lab(np.array([[colour]], np.uint8))
    lab[..., 0] = np.clip(lab[..., 0] + lighter, 0, 100)
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0]
    return np.asarray(np.clip(rgb, 0, 1) * 255, np.float32)


def _dither(stretch: float) -> Floats:
    """Noise of one old step's width, the same for every tile, HxWx3."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (TILE_ROWS, TILE_COLUMNS, 1))
    return np.repeat(noise * min(stretch, 4.0), 3, axis=2).astype(np.float32)
