"""Give a surface another colour and leave its shadows, highlights and grain where they are."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.actions.base import Canvas, Region, blend, from_lab, sample, to_lab
from jobs.gpu.engine.actions.vocabulary import DEFAULT_MATERIAL, find_material, parse_hex
from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.errors import EditSkipped

# Light falling on a surface multiplies its reflectance. L* is a cube root of luminance less 16,
# so that a change of paint multiplies L* + 16 (CIE 15:2004, eq. 8.3).
_LAB_OFFSET: Final = 16.0
# Limits to that factor: dark paint keeps visible relief, light paint does not magnify noise.
_LEAST_RELIEF: Final = 0.55
_MOST_RELIEF: Final = 1.2
# How much of the old variation of colour (grain, coloured light) survives, and up to what size:
# a white rim on a red cup differs so much from the mean that it would turn cyan on a white one.
_KEPT_CHROMA: Final = 0.4
_CHROMA_LIMIT: Final = 12.0
_SHOULDER: Final = 90.0


def recolor(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Move the region's mean colour to `value`: #RGB, #RRGGBB or a named material.

    See `Action`. Raises EditSkipped for an unknown value.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_MATERIAL
        warnings = (f"no value given for recolor, {value} was used",)
    target = _target(value)
    mean = to_lab(sample(canvas.rgb, region.weight)).mean(axis=(0, 1), dtype=np.float64)
    blend(canvas.rgb, region.weight, lambda strip, rows: _paint(strip, mean, target))
    return warnings


def _target(value: str) -> Floats:
    """The wanted mean in L*a*b*."""
    colour, lighter = parse_hex(value), 0.0
    if colour is None:
        material = find_material(value)
        if material is None:
            raise EditSkipped(f"unknown colour or material {value!r}, left unchanged")
        colour, lighter = material
    lab: Floats = to_lab(np.array([[colour]], np.uint8))[0, 0]
    lab[0] = np.clip(lab[0] + lighter, 0, 100)
    return lab


def _paint(strip: Rgb, mean: NDArray[np.float64], target: Floats) -> Rgb:
    lab = to_lab(strip)
    lightness, wanted = lab[..., 0], float(target[0])
    ratio = (wanted + _LAB_OFFSET) / (float(mean[0]) + _LAB_OFFSET)
    relief = min(max(ratio, _LEAST_RELIEF), _MOST_RELIEF)
    painted = wanted + relief * (lightness - np.float32(mean[0]))
    np.maximum(painted, 0, out=painted)
    # Colour fades with the light: a shadow as saturated as the wall looks like spilt paint.
    fade = np.clip((painted + _LAB_OFFSET) / (wanted + _LAB_OFFSET), 0.25, 1.15)
    for channel in (1, 2):
        variation = lab[..., channel] - np.float32(mean[channel])
        np.clip(variation, -_CHROMA_LIMIT, _CHROMA_LIMIT, out=variation)
        lab[..., channel] = fade * (target[channel] + _KEPT_CHROMA * variation)
    lab[..., 0] = _rolled_off(painted, wanted)
    return from_lab(lab)


def _rolled_off(lightness: Floats, wanted: float) -> Floats:
    """Compress what would overshoot white, so that highlights stay graded instead of clipped."""
    knee = max(_SHOULDER, min(wanted, 97.0))
    room = 100.0 - knee
    over = np.maximum(lightness - knee, 0) * np.float32(1 / room)
    compressed = knee + room * (1 - cv2.exp(-over))
    return np.where(lightness > knee, compressed, lightness).astype(np.float32)
