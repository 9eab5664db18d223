"""What stands behind a thing: its smooth colour, known beside it and continued under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb

# How far the colour of the backdrop may change: a share of the picture's longest side.
_SMOOTH: Final = 1 / 16
# Deviation (in steps of L*a*b*) up to which a backdrop is plain, and from which it is a pattern.
_PLAIN: Final = 5.0
_PATTERNED: Final = 13.0
# A shadow is darker than the backdrop and of its hue: its darkness counts for less.
_SHADE_COUNTS: Final = 0.5
# On a coloured backdrop what has less light and its colours in proportion is it, in the shade: the
# least and the most light that is left, how much more chroma it must have than it strays from
# that, and over how many steps (of L*a*b*) it is told.
_SHADE_LEAVES: Final = (0.4, 0.97)
_STRAYS_COUNT: Final = 3.0
_SHADE_FROM, _SHADE_OVER = 12.0, 6.0


@dataclass(frozen=True)
class Backdrop:
    """The backdrop of one picture, all HxW or HxWx3.

    colour: L*a*b* (0-100, -128 to 127), smooth, also where a thing hides it. noise: how far the
    backdrop itself strays from that, in the same steps. plain: 0 (a pattern) to 1 (a plain sheet).
    distance: how far each pixel is from the colour, darkness counting half, and not at all where it
    is plainly the backdrop's in the shade.
    """

    colour: Floats
    noise: Floats
    plain: Floats
    distance: Floats


def backdrop_of(rgb: Rgb, known: BoolMask) -> Backdrop | None:
    """The backdrop of a small picture (HxWx3), of which `known` (HxW) is surely part.

    None when hardly any is known.
    """
    if float(known.mean()) < 0.02:
        return None
    lab = np.asarray(
        cv2.cvtColor(rgb.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB), np.float32
    )
    reach = max(2.0, max(known.shape) * _SMOOTH)
    weight = known.astype(np.float32)
    colour = spread(lab, weight, reach)
    distance = _distance(lab, colour)
    stray = spread(distance**2, weight, reach)
    noise = np.sqrt(np.maximum(stray, 0)).astype(np.float32)
    plain = np.clip((_PATTERNED - noise) / (_PATTERNED - _PLAIN), 0, 1).astype(np.float32)
    distance = np.asarray(distance * (1 - _shaded(lab, colour)), np.float32)
    return Backdrop(colour, noise, plain, distance)


def spread(values: Floats, weight: Floats, reach: float) -> Floats:
    """Values (HxW or HxWxC) smoothed over `reach` pixels, of which only those with weight count.

    Far from all weight it is the mean of those nearest, by ever wider smoothing.
    """
    layers = values if values.ndim == 3 else values[..., np.newaxis]
    total = np.zeros_like(layers, np.float32)
    amount = np.zeros(weight.shape, np.float32)
    share = 1.0
    for times in (1, 3, 9):
        # Wide smoothing needs no resolution.
        factor = max(1, int(reach * times / 3))
        size = (max(1, weight.shape[1] // factor), max(1, weight.shape[0] // factor))
        full = (weight.shape[1], weight.shape[0])
        sigma = reach * times / factor
        known = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        known = cv2.GaussianBlur(known, (0, 0), sigma)
        amount += share * cv2.resize(known, full, interpolation=cv2.INTER_LINEAR)
        for channel in range(layers.shape[2]):
            part = cv2.resize(layers[..., channel] * weight, size, interpolation=cv2.INTER_AREA)
            part = cv2.GaussianBlur(part, (0, 0), sigma)
            total[..., channel] += share * cv2.resize(part, full, interpolation=cv2.INTER_LINEAR)
        share *= 1e-2
    result = total / np.maximum(amount, 1e-9)[..., np.newaxis]
    return np.asarray(result if values.ndim == 3 else result[..., 0], np.float32)


def _distance(lab: Floats, colour: Floats) -> Floats:
    off = lab - colour
    light = np.where(off[..., 0] < 0, off[..., 0] * _SHADE_COUNTS, off[..., 0])
    away = np.sqrt(light**2 + off[..., 1] ** 2 + off[..., 2] ** 2)
    return np.asarray(away, np.float32)


def _shaded(lab: Floats, colour: Floats) -> Floats:
    """How plainly each pixel (HxW, 0-1) is the backdrop in the shade; 0 where that is grey."""
    left = lab[..., 0] / np.maximum(colour[..., 0], 1)
    a, b = (colour[..., axis] * left for axis in (1, 2))
    stray = np.sqrt(np.square(lab[..., 1] - a) + np.square(lab[..., 2] - b))
    chroma = np.sqrt(np.square(a) + np.square(b))
    told = np.clip((chroma - _STRAYS_COUNT * stray - _SHADE_FROM) / _SHADE_OVER, 0, 1)
    darkest, lightest = _SHADE_LEAVES
    return np.where((left > darkest) & (left < lightest), told, 0).astype(np.float32)
