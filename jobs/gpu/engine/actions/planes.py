"""How a repeating pattern lies in a picture: upright, underfoot or overhead, and how large.

Sizes are metres. A point of the ground that the picture shows so many rows below the horizon is as
far away as the eye is high, times the focal length over those rows; the ceiling likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.perspective import EYE, ROOM, Perspective

UPRIGHT, GROUND, OVERHEAD = "upright", "ground", "overhead"

# Rows that a surface fills less than this share of are its soft rim.
_LEAST_ROW: Final = 0.004
# What stands upright and is no wall is taken to be so high, metres.
_THING: Final = 1.0


@dataclass(frozen=True)
class Plane:
    """Maps pixels to pattern coordinates, in repetitions.

    kind: UPRIGHT, GROUND or OVERHEAD. across, along: metres of one repetition. scale: pixels of a
    metre when upright; metres between the plane and the eye otherwise. perspective: of the photo.
    """

    kind: str
    across: float
    along: float
    scale: float
    perspective: Perspective

    def coordinates(self, rows: slice, columns: slice) -> tuple[Floats, Floats, Floats]:
        """u and v (HxW, repetitions) and, per row, repetitions per pixel (H)."""
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[np.newaxis]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, np.newaxis]
        if self.kind == UPRIGHT:
            shape = (y.size, x.size)
            per_pixel = 1 / (self.scale * (self.across * self.along) ** 0.5)
            return (
                np.broadcast_to(x / (self.scale * self.across), shape).astype(np.float32),
                np.broadcast_to(y / (self.scale * self.along), shape).astype(np.float32),
                np.full(len(y), per_pixel, np.float32),
            )
        view = self.perspective
        # Rows beyond the horizon only occur in the soft rim of a mask.
        below = y - view.horizon if self.kind == GROUND else view.horizon - y
        below = np.maximum(below, 1.0)
        far = (view.focal * self.scale / below).astype(np.float32)
        aside = (x - view.centre) * (self.scale / below)
        # Along the walls, which run to their vanishing point.
        turn = np.arctan2(view.vanishing - view.centre, view.focal)
        sine, cosine = np.float32(np.sin(turn)), np.float32(np.cos(turn))
        u = (aside * cosine - far * sine) / self.across
        v = (aside * sine + far * cosine) / self.along
        beside = self.scale / below
        into = far / below
        density = np.sqrt(beside * np.maximum(into, beside) / (self.across * self.along))[:, 0]
        return u.astype(np.float32), v.astype(np.float32), density.astype(np.float32)


def plane_for(
    concept: str, weight: Mask, perspective: Perspective, size: tuple[float, float]
) -> Plane:
    """The plane on which a concept's region (HxW, not empty) lies, for a pattern that repeats
    every so many metres across and along."""
    across, along = size
    name = concept.strip().casefold()
    if name == "floor":
        return Plane(GROUND, across, along, EYE, perspective)
    if name == "ceiling":
        return Plane(OVERHEAD, across, along, ROOM - EYE, perspective)
    height, width = weight.shape
    thinned = weight[:: max(1, height // 512), :: max(1, width // 512)] >= 128
    filled = np.flatnonzero(thinned.mean(axis=1) > _LEAST_ROW)
    rows = float(filled[-1] - filled[0] + 1) * max(1, height // 512) if filled.size else height
    if name == "wall":
        # A wall that fills the picture is seen in part.
        pixels = max(rows, 0.5 * max(height, width)) / ROOM
    else:
        filled = np.flatnonzero(thinned.any(axis=0))
        columns = float(filled[-1] - filled[0] + 1) * max(1, width // 512) if filled.size else width
        pixels = max(rows, columns) / _THING
    return Plane(UPRIGHT, across, along, max(8.0 / min(size), pixels), perspective)


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
