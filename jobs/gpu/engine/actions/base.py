"""What every action is given, and how it writes its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.colour.space import SRGB, ColourSpace
from jobs.gpu.engine.light import RoomLight
from jobs.gpu.engine.matting import Matte
from jobs.gpu.engine.perspective import Perspective, perspective_of

# A tile and what is made of it stay within the processor's cache.
TILE_ROWS: Final = 128
TILE_COLUMNS: Final = 512
_SAMPLES: Final = 200_000

Render = Callable[[Rgb, slice, slice], Rgb]


@dataclass(frozen=True)
class Canvas:
    """A picture being edited.

    original (HxWx3) is the photo as it was, which edits are worked out on. rgb (HxWx3) and alpha
    (HxW or None) are the result so far, changed in place. light and perspective are those of the
    original. space is what the photo's numbers look like; the light, the colours of the vocabulary
    and the patterns are sRGB.
    """

    original: Rgb
    light: RoomLight
    perspective: Perspective
    rgb: Rgb
    alpha: Mask | None = None
    space: ColourSpace = SRGB

    @classmethod
    def of(
        cls,
        rgb: Rgb,
        alpha: Mask | None = None,
        light: RoomLight | None = None,
        perspective: Perspective | None = None,
        space: ColourSpace = SRGB,
    ) -> Canvas:
        """A canvas for a photo (HxWx3, HxW), of which nothing is changed yet."""
        return cls(
            original=rgb,
            light=light or RoomLight(rgb),
            perspective=perspective or perspective_of(rgb.shape[:2], {}, ()),
            rgb=rgb.copy(),
            alpha=None if alpha is None else alpha.copy(),
            space=space,
        )


@dataclass(frozen=True)
class Region:
    """Where an edit goes.

    weight: HxW, 0 at every protected pixel; the weights of all regions of a photo add up to 255 at
    most. protected: HxW, what an action that reaches beyond its mask must leave alone. concept:
    the name the region was found by. paint: as in `Edit`. matte: of a thing that was cut out.
    """

    concept: str
    weight: Mask
    protected: BoolMask
    paint: str = ""
    matte: Matte | None = None


class Action(Protocol):
    """Edits a region of the canvas in place."""

    def __call__(self, canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
        """Returns warnings. Raises EditSkipped, with the canvas unchanged, when it cannot."""
        ...


def blend(canvas: Canvas, weight: Mask, render: Render) -> None:
    """Move the result by weight (HxW) from the original to what `render` makes of it, in place.

    `render` gets a tile of the original and its rows and columns, and returns a new array of the
    tile's shape, so that a large photo needs no large intermediate and tiles without weight cost
    nothing. Weight 0 leaves a pixel exactly as it was; 255 replaces it exactly. Regions that share
    a pixel add up, whichever comes first, but for the rounding.
    """
    height, width = weight.shape
    for top in range(0, height, TILE_ROWS):
        rows = slice(top, min(height, top + TILE_ROWS))
        strip = weight[rows]
        if not cv2.countNonZero(strip):
            continue
        for left in range(0, width, TILE_COLUMNS):
            columns = slice(left, min(width, left + TILE_COLUMNS))
            share = strip[:, columns]
            if cv2.countNonZero(share):
                tile = canvas.original[rows, columns]
                _mix(canvas.rgb[rows, columns], tile, render(tile, rows, columns), share)


def cover(below: Rgb, weight: Mask, fresh: Rgb) -> None:
    """Lay `fresh` (HxWx3) over a picture (HxWx3) by weight (HxW), in place."""
    height = len(weight)
    for top in range(0, height, TILE_ROWS):
        rows = slice(top, min(height, top + TILE_ROWS))
        if cv2.countNonZero(weight[rows]):
            _mix(below[rows], below[rows], fresh[rows], weight[rows])


def _mix(result: Rgb, before: Rgb, fresh: Rgb, share: Mask) -> None:
    """Most pixels are all or nothing; only the few on a soft edge are worth arithmetic."""
    soft = np.asarray(cv2.inRange(share, 1, 254)) > 0
    if not soft.any():
        np.copyto(result, fresh) if share.all() else cv2.copyTo(fresh, share, result)
        return
    amount = share[soft][:, np.newaxis].astype(np.int32)
    step = (fresh[soft].astype(np.int32) - before[soft]) * amount
    mixed = (result[soft].astype(np.int32) * 255 + step + 127) // 255
    cv2.copyTo(fresh, np.asarray(cv2.inRange(share, 255, 255)), result)
    # Several shares are rounded one by one and may together be a step too far.
    result[soft] = np.clip(mixed, 0, 255)


def sample(rgb: Rgb, weight: Mask) -> Rgb:
    """Some pixels of the region as an Nx1x3 array, N at least 1, spread evenly over it.

    The core of the region is preferred to its soft edge. At least one weight must be positive.
    """
    step = max(1, int((weight.size / _SAMPLES) ** 0.5))
    for least, stride in ((128, step), (128, 1), (1, 1)):
        inside = weight[::stride, ::stride] >= least
        if inside.any():
            return np.ascontiguousarray(rgb[::stride, ::stride][inside][:, np.newaxis])
    raise ValueError("the region is empty")
