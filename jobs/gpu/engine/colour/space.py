"""The colour space of a photo: what its numbers look like, and what numbers a colour has in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.colour.profile import STEPS, MatrixProfile, Numbers, matrix_profile

# The primaries of sRGB, adapted to D50 (IEC 61966-2-1; Bradford, ICC.1 annex E).
_SRGB_TO_XYZ: Final = np.array([
    [0.4360747, 0.3850649, 0.1430804],
    [0.2225045, 0.7168786, 0.0606169],
    [0.0139322, 0.0971045, 0.7141733],
])  # fmt: skip
# Beyond 1, where a curve says nothing, light grows about as it does in sRGB.
_BEYOND: Final = 2.2
# A profile whose colours are this near to sRGB (8-bit steps) is sRGB by another name.
_SAME: Final = 1.0
# Pictures go through tables: linear light of the 256 code values, and code values of so many
# grades of light. The grades are even in the square root, since the eye is finer in the dark.
_GRADES: Final = 1024
_STRIP_ROWS: Final = 64
_CODES: Final = np.repeat(np.linspace(0, 1, 256)[:, np.newaxis], 3, axis=1)
_LIGHT: Final = np.repeat(np.linspace(0, 1, _GRADES)[:, np.newaxis] ** 2, 3, axis=1)


@dataclass(frozen=True)
class ColourSpace:
    """Where photos have a profile; `SRGB` where they have none.

    Colours are Nx3 in 8-bit steps and may lie outside 0-255: a shade too bright for the space, or
    a colour that the other space does not reach.
    """

    described: MatrixProfile | None = None

    def to_srgb(self, colours: Numbers) -> Numbers:
        """The sRGB numbers of colours of the photo."""
        if self.described is None:
            return colours
        linear = _followed(self.described.curves, colours / 255)
        mixing = np.linalg.inv(_SRGB_TO_XYZ) @ self.described.matrix
        return 255 * _encoded(linear @ mixing.T)

    def from_srgb(self, colours: Numbers) -> Numbers:
        """The numbers that sRGB colours have in the photo."""
        if self.described is None:
            return colours
        mixing = np.linalg.inv(self.described.matrix) @ _SRGB_TO_XYZ
        return 255 * _followed_back(self.described.curves, _decoded(colours / 255) @ mixing.T)

    @property
    def steepness(self) -> float:
        """The power that takes the sRGB number of a gray (0-1) to about its number here."""
        middle = self.from_srgb(np.full((1, 3), 127.5))[0]
        return float(np.log(middle.mean() / 255) / np.log(0.5))

    def shown(self, rgb: Rgb) -> Rgb:
        """A picture (HxWx3) of the photo's numbers, in sRGB. About 5 ms a megapixel."""
        if self.described is None:
            return rgb
        mixing = np.linalg.inv(_SRGB_TO_XYZ) @ self.described.matrix
        return _converted(rgb, _followed(self.described.curves, _CODES), mixing, _encoded(_LIGHT))

    def painted(self, rgb: Rgb) -> Rgb:
        """A picture (HxWx3) in sRGB, in the photo's numbers: the inverse of `shown`."""
        if self.described is None:
            return rgb
        mixing = np.linalg.inv(self.described.matrix) @ _SRGB_TO_XYZ
        codes = _followed_back(self.described.curves, _LIGHT)
        return _converted(rgb, _decoded(_CODES), mixing, codes)


SRGB: Final = ColourSpace()


def space_of(profile: bytes | None) -> ColourSpace:
    """The space that a photo's profile describes; sRGB without one, and with an unusable one."""
    described = None if profile is None else matrix_profile(profile)
    if described is None:
        return SRGB
    space = ColourSpace(described)
    steps = np.linspace(0, 255, 5)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return SRGB if np.abs(space.to_srgb(cube) - cube).max() < _SAME else space


def _converted(rgb: Rgb, light: Numbers, mixing: Numbers, codes: Numbers) -> Rgb:
    """A picture in another space, what that does not reach clipped.

    light: 256x3, the linear light of each code value. codes: the code values for `_LIGHT`.
    """
    table = light.astype(np.float32)[np.newaxis]
    matrix = mixing.astype(np.float32)
    # One table for the three channels, which lie one behind the other in it.
    numbers = np.rint(255 * codes.clip(0, 1)).astype(np.uint8).T.ravel()
    offset = np.arange(3, dtype=np.float32) * _GRADES + np.float32(0.5)
    converted = np.empty_like(rgb)
    for top in range(0, len(rgb), _STRIP_ROWS):
        mixed = cv2.transform(cv2.LUT(rgb[top : top + _STRIP_ROWS], table), matrix)
        np.sqrt(np.clip(mixed, 0, 1, out=mixed), out=mixed)
        mixed = mixed * np.float32(_GRADES - 1) + offset
        converted[top : top + _STRIP_ROWS] = numbers.take(mixed.astype(np.uint16))
    return converted


def _followed(curves: Numbers, codes: Numbers) -> Numbers:
    """Linear light (Nx3) of code values, 0-1 and beyond; negative ones mirrored."""
    size = np.abs(codes)
    at = np.linspace(0, 1, STEPS)
    channels = [np.interp(size[:, n], at, curves[n]) for n in range(3)]
    linear = np.sign(codes) * np.stack(channels, axis=1) * np.maximum(size, 1) ** _BEYOND
    return np.asarray(linear, np.float64)


def _followed_back(curves: Numbers, linear: Numbers) -> Numbers:
    size = np.abs(linear)
    at = np.linspace(0, 1, STEPS)
    channels = [np.interp(size[:, n], curves[n], at) for n in range(3)]
    beyond = np.maximum(size / curves[:, -1], 1) ** (1 / _BEYOND)
    return np.asarray(np.sign(linear) * np.stack(channels, axis=1) * beyond, np.float64)


def _decoded(codes: Numbers) -> Numbers:
    """Linear light of sRGB (IEC 61966-2-1), mirrored for negative numbers."""
    size = np.abs(codes)
    linear = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.sign(codes) * linear, np.float64)


def _encoded(linear: Numbers) -> Numbers:
    size = np.abs(linear)
    codes = np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055)
    return np.asarray(np.sign(linear) * codes, np.float64)
