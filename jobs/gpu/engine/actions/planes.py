"""How a repeating pattern lies in a picture: upright, underfoot or overhead.

For floors and ceilings a pinhole camera is assumed that looks level, with a common field of
view: a point of the ground at image row y is as far away as 1 / (y - horizon). It is a guess,
and a better one than a floor that stands up like wallpaper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb

UPRIGHT, GROUND, OVERHEAD = "upright", "ground", "overhead"

_HORIZON: Final = 0.45
_MARGIN: Final = 0.06
# Focal length as a share of the longest side: about 64 degrees across, a phone's main camera.
_FOCAL: Final = 0.8
# How much of the longest side one repetition covers: nearest to the camera, or when upright.
_PERIOD: Final = 0.55
_LEAST_ROW: Final = 0.004


@dataclass(frozen=True)
class Plane:
    """Maps pixels to pattern coordinates, in repetitions.

    kind: UPRIGHT, GROUND or OVERHEAD. period: pixels of one repetition where it is largest.
    horizon and nearest: rows, used unless upright. focal: pixels. centre: column.
    """

    kind: str
    period: float
    horizon: float = 0.0
    nearest: float = 0.0
    focal: float = 0.0
    centre: float = 0.0

    def coordinates(self, rows: slice, columns: slice) -> tuple[Floats, Floats, Floats]:
        """u and v (HxW, repetitions) and, per row, repetitions per pixel (H)."""
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[np.newaxis]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, np.newaxis]
        if self.kind == UPRIGHT:
            density = np.full(len(y), 1 / self.period, np.float32)
            shape = (y.size, x.size)
            return (
                np.broadcast_to(x / self.period, shape).astype(np.float32),
                np.broadcast_to(y / self.period, shape).astype(np.float32),
                density,
            )
        span = abs(self.nearest - self.horizon)
        # Rows beyond the horizon only occur in the soft rim of a mask.
        below = y - self.horizon if self.kind == GROUND else self.horizon - y
        distance = span / np.maximum(below, 1.0)
        u = (x - self.centre) * distance / self.period
        v = np.broadcast_to(self.focal * distance / self.period, u.shape)
        along = distance / self.period
        into = self.focal * distance**2 / (self.period * span)
        density = np.sqrt(along * np.maximum(into, along))[:, 0]
        return u.astype(np.float32), v.astype(np.float32), density.astype(np.float32)


def plane_for(concept: str, weight: Mask) -> Plane:
    """The plane on which a concept's region (HxW, not empty) lies."""
    height, width = weight.shape
    longest = max(height, width)
    kind = {"floor": GROUND, "ceiling": OVERHEAD}.get(concept.strip().casefold(), UPRIGHT)
    core = weight >= 128
    enough = np.flatnonzero(core.sum(axis=1) > _LEAST_ROW * width)
    top, bottom = (int(enough[0]), int(enough[-1])) if enough.size else (0, height - 1)
    if kind == UPRIGHT:
        columns = np.flatnonzero(core.any(axis=0))
        extent = max(bottom - top, int(columns[-1] - columns[0]) if columns.size else 0)
        return Plane(kind, period=max(8.0, _PERIOD * extent))
    if kind == GROUND:
        horizon = min(_HORIZON * height, top - _MARGIN * height)
        nearest = float(height)
    else:
        horizon = max((1 - _HORIZON) * height, bottom + _MARGIN * height)
        nearest = 0.0
    return Plane(kind, _PERIOD * longest, horizon, nearest, _FOCAL * longest, width / 2)


def reduced_copies(square: Rgb) -> list[Rgb]:
    """The pattern at full size, half, a quarter … down to 8 pixels, against shimmering."""
    copies = [square]
    while len(copies[-1]) > 8:
        half = len(copies[-1]) // 2
        copies.append(
            np.asarray(cv2.resize(copies[-1], (half, half), interpolation=cv2.INTER_AREA), np.uint8)
        )
    return copies


def lay(copies: list[Rgb], plane: Plane, rows: slice, columns: slice) -> Rgb:
    """The pattern as it appears in some rows and columns of the picture, HxWx3.

    Williams, "Pyramidal parametrics", 1983: each row mixes the two copies nearest to its scale.
    """
    u, v, density = plane.coordinates(rows, columns)
    u -= np.floor(u)
    v -= np.floor(v)
    level = np.clip(np.log2(np.maximum(density * len(copies[0]), 1e-6)), 0, len(copies) - 1)
    finer = np.minimum(np.floor(level), len(copies) - 2).astype(np.intp)
    laid = np.empty((*u.shape, 3), np.uint8)
    for index in np.unique(finer):
        used = np.flatnonzero(finer == index)
        part = slice(int(used[0]), int(used[-1]) + 1)
        near, far = (_seen(copies[index + step], u[part], v[part]) for step in (0, 1))
        share = np.broadcast_to((level[part] - index)[:, np.newaxis], near.shape[:2])
        coarse = share.astype(np.float32)
        laid[part] = cv2.blendLinear(far, near, coarse, 1 - coarse)
    return laid


def _seen(square: Rgb, u: Floats, v: Floats) -> Rgb:
    side = np.float32(len(square))
    half = np.float32(0.5)
    seen = cv2.remap(
        square, u * side - half, v * side - half, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    return np.asarray(seen, np.uint8)
