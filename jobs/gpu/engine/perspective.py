"""How a photo looks into a room: where its horizon is and which way its walls run.

A pinhole camera that looks level is assumed, held at the height of a chest, in a room as high as
rooms mostly are. It is a guess, and a better one than a floor that stands up like wallpaper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from jobs.gpu.engine.arrays import Mask

# Metres.
EYE: Final = 1.45
ROOM: Final = 2.5

# Focal length as a share of the longest side: about 64 degrees across, a phone's main camera.
_FOCAL: Final = 0.8
_HORIZON: Final = 0.45
_MARGIN: Final = 0.06
# A row belongs to a surface that fills this share of it.
_ROW: Final = 0.02
# A wall runs into the picture when its corner climbs more than this, and less than a door post.
_LEAST_SLOPE, _MOST_SLOPE = 0.06, 1.2
_LEAST_LENGTH: Final = 0.12
# How far beside the middle the vanishing point of the boards may be, as a share of the width.
_ASIDE: Final = 0.75

Line = tuple[float, float, float, float]
"""Column and row of one end and of the other, pixels."""


@dataclass(frozen=True)
class Perspective:
    """horizon: a row. focal: pixels. centre: the column of the middle. vanishing: the column of the
    horizon at which the lines along the room's length meet.
    """

    horizon: float
    focal: float
    centre: float
    vanishing: float

    def scaled(self, factor: float) -> Perspective:
        """The same for a picture so many times as large."""
        return Perspective(
            self.horizon * factor,
            self.focal * factor,
            self.centre * factor,
            self.vanishing * factor,
        )


def perspective_of(
    shape: tuple[int, int], surfaces: Mapping[str, Mask], lines: Sequence[Line]
) -> Perspective:
    """From the masks (HxW = `shape`) of what was found of "floor" and "ceiling", and the corners
    that the walls form with them."""
    height, width = shape
    floor = _rows(surfaces.get("floor"), width)
    ceiling = _rows(surfaces.get("ceiling"), width)
    horizon = _HORIZON * height
    if floor is not None and ceiling is not None and floor[0] > ceiling[1]:
        # On the far wall the eye is as high as it is in the room.
        horizon = ceiling[1] + (1 - EYE / ROOM) * (floor[0] - ceiling[1])
    if floor is not None:
        horizon = min(horizon, floor[0] - _MARGIN * height)
    if ceiling is not None:
        above = ceiling[1] + _MARGIN * height
        horizon = max(horizon, above) if floor is None else min(max(horizon, above), floor[0] - 2)
    centre = width / 2
    return Perspective(
        horizon=horizon,
        focal=_FOCAL * max(height, width),
        centre=centre,
        vanishing=_vanishing(lines, horizon, width, centre),
    )


def _rows(mask: Mask | None, width: int) -> tuple[float, float] | None:
    """The first and the last row that a surface fills a part of."""
    if mask is None:
        return None
    filled = np.flatnonzero((mask > 127).sum(axis=1) > _ROW * width)
    return (float(filled[0]), float(filled[-1])) if filled.size else None


def _vanishing(lines: Sequence[Line], horizon: float, width: int, centre: float) -> float:
    """Where the walls' corners cross the horizon: the median by length of those near the middle."""
    crossings: list[tuple[float, float]] = []
    for left, high, right, low in lines:
        across = right - left
        slope = (low - high) / across if across else 0.0
        if across < _LEAST_LENGTH * width or not _LEAST_SLOPE < abs(slope) < _MOST_SLOPE:
            continue
        crossing = left + (horizon - high) / slope
        if abs(crossing - centre) < _ASIDE * width:
            crossings.append((crossing, across))
    if not crossings:
        return centre
    crossings.sort()
    places, lengths = np.array(crossings).T
    middle = int(np.searchsorted(np.cumsum(lengths), lengths.sum() / 2))
    return float(places[middle])
