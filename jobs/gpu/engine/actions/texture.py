"""Cover a surface with another material, under the light that falls on it in the photo."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.actions.base import Canvas, Region, blend
from jobs.gpu.engine.actions.patterns import pattern
from jobs.gpu.engine.actions.planes import lay, plane_for, reduced_copies
from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.errors import EditSkipped
from jobs.vocabulary import DEFAULT_TEXTURE, GRADES, TEXTURES, normalised

_SHADING_SIDE: Final = 512
_DARKEST: Final = 0.25
# Part of what looks like light is the old material's own pattern; do not take it all over.
_TRUST: Final = 0.8
# Light above the mean is compressed, or pale materials would burn out to white.
_HIGHLIGHTS: Final = 0.25
_BRIGHTEST: Final = 1.12


def texture(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Lay oak, herringbone, brick, marble … (`TEXTURES`) over the region.

    Floors and ceilings are laid in perspective. See `Action`. Raises EditSkipped for an unknown
    value.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_TEXTURE
        warnings = (f"no value given for texture, {value} was used",)
    copies = reduced_copies(pattern(_name(value)))
    plane = plane_for(region.concept, region.weight)
    shading = _shading(canvas.original, region.weight)
    height, width = region.weight.shape

    def render(tile: Rgb, rows: slice, columns: slice) -> Rgb:
        light = _light_on(shading, rows, columns, height, width)
        laid = lay(copies, plane, rows, columns)
        return np.asarray(cv2.multiply(laid, cv2.merge([light] * 3), dtype=cv2.CV_8U), np.uint8)

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


def _shading(rgb: Rgb, weight: Mask) -> Floats:
    """Light on the region relative to its mean, at most 512 pixels on the longest side.

    The old pattern is blurred away within the region only: what lies beside it, a black chair on
    a pale floor, must not darken the floor around it.
    """
    height, width = weight.shape
    scale = min(1.0, _SHADING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    spread = max(size) / 70
    light = cv2.GaussianBlur(gray * inside, (0, 0), spread)
    amount = cv2.GaussianBlur(inside, (0, 0), spread)
    mean = max(float((gray * inside).sum() / max(float(inside.sum()), 1e-6)), 1.0)
    local = (light + 1e-3 * mean) / (amount + 1e-3)
    relative = np.maximum(local / mean, _DARKEST) ** _TRUST
    highlights = 1 + _HIGHLIGHTS * (relative - 1)
    return np.where(relative > 1, np.minimum(highlights, _BRIGHTEST), relative).astype(np.float32)


def _light_on(small: Floats, rows: slice, columns: slice, height: int, width: int) -> Floats:
    """A reduced field (hxw), enlarged to the photo and cut to some of its rows and columns."""
    y = _positions(rows, len(small), height)[:, np.newaxis]
    x = _positions(columns, small.shape[1], width)[np.newaxis]
    shape = (y.size, x.size)
    enlarged = cv2.remap(
        small,
        np.broadcast_to(x, shape).copy(),
        np.broadcast_to(y, shape).copy(),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(enlarged, np.float32)


def _positions(span: slice, small: int, full: int) -> Floats:
    """Where the centres of full-size pixels lie in the reduced field."""
    centres = np.arange(span.start, span.stop, dtype=np.float32) + np.float32(0.5)
    return (centres * np.float32(small / full) - np.float32(0.5)).astype(np.float32)
