"""Give a surface another colour and leave its shadows, highlights and grain where they are."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.actions.base import Canvas, Region, blend, from_lab, sample, to_lab
from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.errors import EditSkipped
from jobs.vocabulary import DEFAULT_MATERIAL, find_material, parse_hex

# Light falling on a surface multiplies its reflectance. L* is a cube root of luminance less 16,
# so that a change of paint multiplies L* + 16 (CIE 15:2004, eq. 8.3).
_LAB_OFFSET: Final = 16.0
# Limits to that factor: dark paint keeps visible relief, light paint does not magnify noise.
_LEAST_RELIEF: Final = 0.55
_MOST_RELIEF: Final = 1.2
# How much of the old variation of colour (grain, coloured light) survives, and up to how many
# 8-bit steps: a white rim on a red cup differs so much that it would turn cyan on a white one.
_KEPT_CHROMA: Final = 0.4
_CHROMA_LIMIT: Final = 12
_SHOULDER: Final = 90.0
_LUMA: Final = np.array([0.299, 0.587, 0.114])  # the weights of OpenCV's RGB2GRAY (BT.601)
_MIDDLE: Final = 128


def recolor(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Move the region's mean colour to `value`: #RGB, #RRGGBB or a named material.

    See `Action`. Raises EditSkipped for an unknown value.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_MATERIAL
        warnings = (f"no value given for recolor, {value} was used",)
    target = _target(value)
    mean = sample(canvas.original, region.weight).mean(axis=(0, 1), dtype=np.float64)
    paint = _paint_by_luma(mean, target)
    stray = _stray_colour(mean)

    def render(tile: Rgb, rows: slice, columns: slice) -> Rgb:
        luma = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
        painted = cv2.LUT(cv2.merge([luma] * 3), paint)
        strays = cv2.transform(tile, stray)
        strays = np.clip(strays, _MIDDLE - _CHROMA_LIMIT, _MIDDLE + _CHROMA_LIMIT)
        return np.asarray(cv2.addWeighted(painted, 1, strays, 1, -_MIDDLE, dst=painted), np.uint8)

    blend(canvas, region.weight, render)
    return warnings


def _target(value: str) -> Floats:
    """The wanted mean in L*a*b*."""
    colour, lighter = parse_hex(value), 0.0
    if colour is None:
        material = find_material(value)
        if material is None:
            raise EditSkipped(
                f"unknown colour or material {value!r}, left unchanged", f"unknown value {value}"
            )
        colour, lighter = material
    lab: Floats = to_lab(np.array([[colour]], np.uint8))[0, 0]
    lab[0] = np.clip(lab[0] + lighter, 0, 100)
    return lab


def _paint_by_luma(mean: NDArray[np.float64], target: Floats) -> Rgb:
    """What the old paint becomes at each brightness: 1x256x3, by luma.

    The colour is worked out in L*a*b*, for 256 shades of the region's mean colour instead of for
    every pixel.
    """
    level = np.arange(256, dtype=np.float64)
    shades = mean * (level / max(float(mean @ _LUMA), 1.0))[:, np.newaxis]
    lightness = _lightness(shades)
    wanted = float(target[0])
    middle = float(_lightness(mean[np.newaxis])[0])
    ratio = (wanted + _LAB_OFFSET) / (middle + _LAB_OFFSET)
    relief = min(max(ratio, _LEAST_RELIEF), _MOST_RELIEF)
    painted = np.maximum(wanted + relief * (lightness - middle), 0)
    # Colour fades with the light: a shadow as saturated as the wall looks like spilt paint.
    fade = np.clip((painted + _LAB_OFFSET) / (wanted + _LAB_OFFSET), 0.25, 1.15)
    lab = np.empty((1, 256, 3), np.float32)
    lab[0, :, 0] = _rolled_off(painted.astype(np.float32), wanted)
    lab[0, :, 1:] = fade[:, np.newaxis] * target[1:]
    return from_lab(lab)


def _lightness(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """L* of colours n x 3 in 8-bit steps; unlike a conversion of images, beyond 255 as well."""
    coded = np.maximum(rgb, 0) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    # CIE 15:2004, eq. 8.4; 216/24389 and 24389/27 are the exact constants.
    cube = np.where(luminance > 216 / 24389, np.cbrt(luminance), 0)
    lightness: NDArray[np.float64] = np.where(cube > 0, 116 * cube - 16, luminance * (24389 / 27))
    return lightness


def _stray_colour(mean: NDArray[np.float64]) -> Floats:
    """A 3x4 matrix: how far a pixel is from the mean colour at its own brightness, around 128."""
    shade = mean / max(float(mean @ _LUMA), 1.0)
    matrix = np.empty((3, 4))
    matrix[:, :3] = _KEPT_CHROMA * (np.eye(3) - np.outer(shade, _LUMA))
    matrix[:, 3] = _MIDDLE
    return matrix.astype(np.float32)


def _rolled_off(lightness: Floats, wanted: float) -> Floats:
    """Compress what would overshoot white, so that highlights stay graded instead of clipped."""
    knee = max(_SHOULDER, min(wanted, 97.0))
    room = 100.0 - knee
    over = np.maximum(lightness - knee, 0) * np.float32(1 / room)
    compressed = knee + room * (1 - cv2.exp(-over))
    return np.where(lightness > knee, compressed, lightness).astype(np.float32)
