"""Another paint on a thing: in the light of a studio, with its gloss where it was.

What the light does to a thing is read from how bright its own paint is, pixel by pixel; unlike in
a room there is no field of light to be told from it. The new colour is worked out in L*a*b* for 256
brightnesses of the old paint, then looked up.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.actions.base import sample
from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.lab import from_lab, to_lab

# Light falling on a surface multiplies its reflectance. L* is a cube root of luminance less 16,
# so that a change of paint multiplies L* + 16 (CIE 15:2004, eq. 8.3).
_LAB_OFFSET: Final = 16.0
# Limits to that factor: dark paint keeps visible relief, light paint does not magnify gloss.
_LEAST_RELIEF: Final = 0.55
_MOST_RELIEF: Final = 1.15
# Shadows on a dark paint are no gloss: on a lighter one they are up to so many times as deep.
_DEEPEST: Final = 1.8
# A pale paint is as pale as is said where light falls on it; a mean so pale would be burnt out.
_PALE_FROM, _PALE_AT = 70.0, 95.0
_LIT_PART: Final = 88
_SHOULDER: Final = 90.0
# What is so much lighter than the old paint mirrors the lamp: it has the lamp's colour.
_GLOSS_FROM, _GLOSS_AT = 28.0, 60.0
# How much of the colour's variation within the old paint stays, up to how many 8-bit steps, and
# from which chroma of the old paint on nothing of it does: then it is shading of that colour.
_KEPT_CHROMA: Final = 0.35
_CHROMA_LIMIT: Final = 10
_MOST_CHROMA: Final = 35.0
_LUMA: Final = np.array([0.299, 0.587, 0.114])  # the weights of OpenCV's RGB2GRAY (BT.601)
_MIDDLE: Final = 128


class ThingPaint:
    """A wanted colour (3, 0-255) in place of the paint that a weight (HxW) covers in a picture."""

    def __init__(self, rgb: Rgb, weight: Mask, colour: Floats) -> None:
        pixels = sample(rgb, weight)
        mean = pixels.mean(axis=(0, 1), dtype=np.float64)
        target = to_lab(np.rint(colour).astype(np.uint8)[np.newaxis, np.newaxis])[0, 0]
        self._paint = _by_luma(pixels, mean, target)
        self._stray = _stray_colour(mean)

    def on(self, tile: Rgb, rows: slice, columns: slice) -> Rgb:
        """A tile of the old paint in the new one, a new array."""
        luma = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
        painted = cv2.LUT(cv2.merge([luma] * 3), self._paint)
        if self._stray is None:
            return np.asarray(painted, np.uint8)
        strays = cv2.transform(tile, self._stray)
        strays = np.clip(strays, _MIDDLE - _CHROMA_LIMIT, _MIDDLE + _CHROMA_LIMIT)
        return np.asarray(cv2.addWeighted(painted, 1, strays, 1, -_MIDDLE, dst=painted), np.uint8)


def _by_luma(pixels: Rgb, mean: NDArray[np.float64], target: Floats) -> Rgb:
    """What the old paint becomes at each brightness: 1x256x3, by luma."""
    level = np.arange(256, dtype=np.float64)
    shades = mean * (level / max(float(mean @ _LUMA), 1.0))[:, np.newaxis]
    lightness = _lightness(shades)
    wanted = float(target[0])
    middle = float(_lightness(mean[np.newaxis])[0])
    ratio = (wanted + _LAB_OFFSET) / (middle + _LAB_OFFSET)
    relief = min(max(ratio, _LEAST_RELIEF), _MOST_RELIEF)
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    lit = float(lightness[int(np.percentile(luma, _LIT_PART))])
    pale = min(max((wanted - _PALE_FROM) / (_PALE_AT - _PALE_FROM), 0.0), 1.0)
    reference = middle + pale * max(lit - middle, 0.0)
    painted = np.maximum(wanted + relief * (lightness - reference), 0)
    if ratio > relief:
        painted = _deepened(painted, lightness, luma, (reference, wanted, ratio))
    # Colour fades with the light: a shadow as saturated as the thing looks like spilt paint.
    fade = np.clip((painted + _LAB_OFFSET) / (wanted + _LAB_OFFSET), 0.25, 1.15)
    gloss = np.clip((lightness - middle - _GLOSS_FROM) / (_GLOSS_AT - _GLOSS_FROM), 0, 1)
    lab = np.empty((1, 256, 3), np.float32)
    lab[0, :, 0] = _rolled_off(painted.astype(np.float32), wanted)
    lab[0, :, 1:] = (fade * (1 - gloss))[:, np.newaxis] * target[1:]
    return from_lab(lab)


def _deepened(
    painted: NDArray[np.float64],
    lightness: NDArray[np.float64],
    luma: Mask,
    paint: tuple[float, float, float],
) -> NDArray[np.float64]:
    """The same (256, L*) with shadows as deep as a lighter paint shows them, the mean as before.

    lightness: 256, of the old paint. luma: of its pixels. paint: its L*, the new one's, and the
    ratio of both. What is lighter than the old paint is gloss in part, and as it was.
    """
    reference, wanted, ratio = paint
    power = min(ratio, _DEEPEST) / ratio
    share = np.minimum((lightness + _LAB_OFFSET) / (reference + _LAB_OFFSET), 1)
    deep = (wanted + _LAB_OFFSET) * share**power - _LAB_OFFSET
    deeper = np.where(lightness < reference, np.minimum(painted, deep), painted)
    amounts = np.bincount(luma.ravel(), minlength=256)
    lost = float((amounts * (painted - deeper)).sum()) / max(int(amounts.sum()), 1)
    return np.asarray(np.maximum(deeper + lost, 0), np.float64)


def _lightness(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """L* of colours n x 3 in 8-bit steps; unlike a conversion of images, beyond 255 as well."""
    coded = np.maximum(rgb, 0) / 255
    # The sRGB transfer curve, IEC 61966-2-1.
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    # CIE 15:2004, eq. 8.4; 216/24389 and 24389/27 are the exact constants.
    cube = np.where(luminance > 216 / 24389, np.cbrt(luminance), 0)
    lightness: NDArray[np.float64] = np.where(cube > 0, 116 * cube - 16, luminance * (24389 / 27))
    return lightness


def _stray_colour(mean: NDArray[np.float64]) -> Floats | None:
    """A 3x4 matrix: how far a pixel is from the mean colour at its own brightness, around 128."""
    _, a, b = to_lab(np.rint(mean).astype(np.uint8)[np.newaxis, np.newaxis])[0, 0]
    kept = _KEPT_CHROMA * max(0.0, 1 - float(np.hypot(a, b)) / _MOST_CHROMA)
    if kept <= 0:
        return None
    shade = mean / max(float(mean @ _LUMA), 1.0)
    matrix = np.empty((3, 4))
    matrix[:, :3] = kept * (np.eye(3) - np.outer(shade, _LUMA))
    matrix[:, 3] = _MIDDLE
    return matrix.astype(np.float32)


def _rolled_off(lightness: Floats, wanted: float) -> Floats:
    """Compress what would overshoot white, so that highlights stay graded instead of clipped."""
    knee = max(_SHOULDER, min(wanted, 97.0))
    room = 100.0 - knee
    over = np.maximum(lightness - knee, 0) * np.float32(1 / room)
    compressed = knee + room * (1 - cv2.exp(-over))
    return np.where(lightness > knee, compressed, lightness).astype(np.float32)
