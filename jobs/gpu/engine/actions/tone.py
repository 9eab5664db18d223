"""Change the mood of a region: warmer, brighter, more vivid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.actions.base import Canvas, Region, blend, sample
from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.colour.space import SRGB, ColourSpace
from jobs.gpu.engine.errors import EditSkipped
from jobs.vocabulary import DEFAULT_TONE, TONES, normalised

# Luma of linear primaries, Rec. ITU-R BT.709-6, §3.
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class _Settings:
    """gain: per channel. gamma: below 1 lightens. contrast: slope at the region's mean.
    saturation: 0 is gray, 1 unchanged."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0


def tone(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
    """Apply warm, cool, bright, dark, vivid, muted or contrast, as "warm" or "warm:0.5".

    The strength is 0-1, and 1 when it is left out. See `Action`. Raises EditSkipped for an
    unknown tone or a strength outside 0-1.
    """
    warnings: tuple[str, ...] = ()
    if not value.strip():
        value = DEFAULT_TONE
        warnings = (f"no value given for tone, {value} was used",)
    mean = sample(canvas.original, region.weight).mean(axis=(0, 1), dtype=np.float64)
    settings = _in_space(_settings(value), mean, canvas.space)
    curves = _curves(settings, float(mean @ _LUMA))
    mixing = _saturation(settings.saturation)

    def render(tile: Rgb, rows: slice, columns: slice) -> Rgb:
        curved = cv2.LUT(tile, curves)
        if settings.saturation != 1:
            curved = cv2.transform(curved, mixing)
        return np.asarray(curved, np.uint8)

    blend(canvas, region.weight, render)
    return warnings


def _settings(value: str) -> _Settings:
    name, colon, amount = value.partition(":")
    name = normalised(name)
    if name not in TONES:
        raise EditSkipped(f"unknown tone {value!r}, left unchanged", f"unknown value {value}")
    strength = 1.0
    if colon:
        try:
            strength = float(amount)
        except ValueError:
            strength = math.nan
    if not 0 <= strength <= 1:  # also refuses NaN
        raise EditSkipped(
            f"the strength of tone {value!r} is not a number from 0 to 1", f"unknown value {value}"
        )
    plain = _Settings()
    return {
        "warm": replace(plain, gain=(1 + 0.10 * strength, 1.0, 1 - 0.18 * strength)),
        "cool": replace(plain, gain=(1 - 0.12 * strength, 1.0, 1 + 0.10 * strength)),
        "bright": replace(plain, gamma=1 / (1 + 0.55 * strength)),
        "dark": replace(plain, gamma=1 + 0.65 * strength),
        "vivid": replace(plain, saturation=1 + 0.6 * strength),
        "muted": replace(plain, saturation=1 - 0.6 * strength),
        "contrast": replace(plain, contrast=1 + 0.45 * strength),
    }[name]


def _in_space(settings: _Settings, mean: NDArray[np.float64], space: ColourSpace) -> _Settings:
    """The gains that move the region's mean in the photo's space as they would in sRGB."""
    if space is SRGB or settings.gain == (1.0, 1.0, 1.0):
        return settings
    moved = space.from_srgb(space.to_srgb(mean[np.newaxis]) * settings.gain)[0]
    red, green, blue = np.maximum(moved, 0) / np.maximum(mean, 1)
    return replace(settings, gain=(float(red), float(green), float(blue)))


def _curves(settings: _Settings, mean: float) -> Rgb:
    """A 1x256x3 lookup table. `mean` (0-255) is what contrast turns around."""
    level = np.arange(256, dtype=np.float64)
    lifted = 255 * (level / 255) ** settings.gamma
    steeper = mean + settings.contrast * (lifted - mean)
    channels = [np.clip(np.rint(steeper * gain), 0, 255) for gain in settings.gain]
    return np.stack(channels, axis=1)[np.newaxis].astype(np.uint8)


def _saturation(amount: float) -> Floats:
    """The 3x3 matrix that moves colours away from or towards their own gray."""
    gray = np.tile(_LUMA, (3, 1))
    return (amount * np.eye(3) + (1 - amount) * gray).astype(np.float32)
