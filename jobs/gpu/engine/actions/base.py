"""What every action is given, and how it writes its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb

# A tile and what is made of it stay within the processor's cache.
_TILE_ROWS: Final = 128
_TILE_COLUMNS: Final = 512
_SAMPLES: Final = 200_000

Render = Callable[[Rgb, slice, slice], Rgb]


@dataclass(frozen=True)
class Canvas:
    """The picture being edited, in place: rgb HxWx3, alpha HxW or None."""

    rgb: Rgb
    alpha: Mask | None = None


@dataclass(frozen=True)
class Region:
    """Where an edit goes.

    weight: HxW, 0 at every protected pixel. protected: HxW, for actions that reach beyond their
    mask. concept: the name the region was found by.
    """

    concept: str
    weight: Mask
    protected: BoolMask


class Action(Protocol):
    """Edits a region of the canvas in place."""

    def __call__(self, canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
        """Returns warnings. Raises EditSkipped, with the canvas unchanged, when it cannot."""
        ...


def blend(canvas: Rgb, weight: Mask, render: Render) -> None:
    """Replace the canvas (HxWx3) by what `render` makes of it, mixed by weight (HxW), in place.

    `render` gets a tile and its rows and columns, and returns a new array of the tile's shape, so
    that a large photo needs no large intermediate and tiles without weight cost nothing. Weight 0
    leaves a pixel exactly as it was; 255 replaces it exactly.
    """
    height, width = weight.shape
    for top in range(0, height, _TILE_ROWS):
        rows = slice(top, min(height, top + _TILE_ROWS))
        strip = weight[rows]
        if not cv2.countNonZero(strip):
            continue
        for left in range(0, width, _TILE_COLUMNS):
            columns = slice(left, min(width, left + _TILE_COLUMNS))
            share = strip[:, columns]
            if cv2.countNonZero(share):
                tile = canvas[rows, columns]
                _mix(tile, render(tile, rows, columns), share)


def _mix(tile: Rgb, fresh: Rgb, share: Mask) -> None:
    """Most pixels are all or nothing; only the few on a soft edge are worth arithmetic."""
    soft = np.asarray(cv2.inRange(share, 1, 254)) > 0
    if not soft.any():
        np.copyto(tile, fresh) if share.all() else cv2.copyTo(fresh, share, tile)
        return
    amount = share[soft][:, np.newaxis].astype(np.uint16)
    mixed = fresh[soft] * amount + tile[soft] * (255 - amount)
    cv2.copyTo(fresh, share, tile)
    tile[soft] = (mixed + 127) // 255


def sample(canvas: Rgb, weight: Mask) -> Rgb:
    """Some pixels of the region as an Nx1x3 array, N at least 1, spread evenly over it.

    The core of the region is preferred to its soft edge. At least one weight must be positive.
    """
    step = max(1, int((weight.size / _SAMPLES) ** 0.5))
    for least, stride in ((128, step), (128, 1), (1, 1)):
        inside = weight[::stride, ::stride] >= least
        if inside.any():
            return np.ascontiguousarray(canvas[::stride, ::stride][inside][:, np.newaxis])
    raise ValueError("the region is empty")


def to_lab(rgb: Rgb) -> Floats:
    """CIE L*a*b* (D65): L 0-100, a and b about -128 to 127."""
    return np.asarray(
        cv2.cvtColor(rgb.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB), np.float32
    )


def from_lab(lab: Floats) -> Rgb:
    """The inverse of `to_lab`; colours outside sRGB are clipped."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
