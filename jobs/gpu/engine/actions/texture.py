"""Cover a surface with another material, under the light that falls on it in the photo."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region, blend
from jobs.gpu.engine.actions.patterns import METRES, pattern
from jobs.gpu.engine.actions.planes import lay, plane_for, reduced_copies
from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.light import enlarged
from jobs.vocabulary import DEFAULT_TEXTURE, GRADES, TEXTURES, normalised

# What looks like light on the old material up to this contrast (8-bit steps) is its own pattern.
_PATTERN: Final = 30.0


def texture(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Lay oak, herringbone, brick, marble … (`TEXTURES`) over the region.

    Floors and ceilings are laid in perspective. See `Action`. Raises EditSkipped for an unknown
    value.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_TEXTURE
        warnings = (f"no value given for texture, {value} was used",)
    name = _name(value)
    asked = pattern(name).mean(axis=(0, 1), dtype=np.float32)
    copies = reduced_copies(canvas.space.painted(pattern(name)))
    plane = plane_for(region.concept, region.weight, canvas.perspective, METRES[name])
    colour = copies[-1].mean(axis=(0, 1), dtype=np.float32)
    shape = region.weight.shape
    lit = canvas.light.on(region, asked, pattern=_PATTERN).in_space(canvas.space)
    light = lit.colour / colour

    def render(tile: Rgb, rows: slice, columns: slice) -> Rgb:
        laid = lay(copies, plane, rows, columns)
        lit = cv2.multiply(laid, enlarged(light, rows, columns, shape), dtype=cv2.CV_8U)
        return np.asarray(lit, np.uint8)

    blend(canvas, region.weight, render)
    return warnings


def _name(value: str) -> str:
    name = normalised(value)
    stem, _, grade = name.rpartition("_")
    if name not in TEXTURES and grade in GRADES:
        name = normalised(stem)
    if name not in TEXTURES:
        raise EditSkipped(f"unknown texture {value!r}, left unchanged", f"unknown value {value}")
    return name
