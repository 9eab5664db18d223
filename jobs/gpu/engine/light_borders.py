"""Whether two regions of a thing differ by light alone: by a little, or with a slope for a border."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats

# So near, and of one hue, two are the lit and the shaded side of one paint, however sharp the edge.
_TWO_SIDES: Final = 26.0
_ONE_HUE: Final = 10.0
# Borders within a paint are slopes, measured over so many pixels of the small picture, between two
# shades of one hue, and no longer than this for the root of the area: light falls in large shapes,
# though grain frays a very flat border.
_REACH: Final = 3
_SLOPE: Final = 0.55
_MOST_HUE: Final = 32.0
_LEAST_BORDER: Final = 12
# Shade takes colour away, so much at most where it is not nearly black.
_LEAST_HUE: Final = 0.35
_NEARLY_BLACK: Final = 16.0
_FLAT: Final = 0.3
_FRAYED: Final = 2
_BORDER_LENGTH: Final = (0.5, 12.0)


def by_light(features: Floats, one: BoolMask, two: BoolMask) -> bool:
    """Whether two paints differ by light alone: a little, or with a slope for a border."""
    apart = features[one].mean(axis=0) - features[two].mean(axis=0)
    hue = float(np.hypot(apart[1], apart[2]))
    if hue < _ONE_HUE and float(np.linalg.norm(apart)) < _TWO_SIDES:
        return True
    if hue > _MOST_HUE and not _in_shade(features[one].mean(axis=0), features[two].mean(axis=0)):
        return False
    steps: list[Floats] = []
    border = 0
    for down, across in ((0, 1), (1, 0)):
        border += int(_across(one, two, down, across).sum())
        far = _across(one, two, down * _REACH, across * _REACH)
        here, there = _pairs(features, down * _REACH, across * _REACH)
        steps.append(np.linalg.norm(here[far] - there[far], axis=1).astype(np.float32))
    least, most = (share * min(int(one.sum()), int(two.sum())) ** 0.5 for share in _BORDER_LENGTH)
    measured = np.concatenate(steps)
    if border < max(least, _LEAST_BORDER) or not measured.size:
        return False
    step = float(np.median(measured)) / float(np.linalg.norm(apart))
    return step < _SLOPE and border <= (_FRAYED if step < _FLAT else 1) * most


def _in_shade(first: Floats, second: Floats) -> bool:
    """Whether the darker of two colours has the other's hue, or is nearly black and has a trace of
    it at most."""
    dark, lit = (first, second) if first[0] < second[0] else (second, first)
    part = float(np.clip(dark[1:] @ lit[1:] / max(float(lit[1:] @ lit[1:]), 1e-6), 0, 1))
    off = float(np.linalg.norm(dark[1:] - np.float32(part) * lit[1:]))
    return off < _ONE_HUE and (part > _LEAST_HUE or bool(dark[0] < _NEARLY_BLACK))


def _across(one: BoolMask, two: BoolMask, down: int, across: int) -> BoolMask:
    """Where one of two regions lies here and the other so many pixels down or across."""
    first_here, first_there = _pairs(one, down, across)
    second_here, second_there = _pairs(two, down, across)
    return np.asarray((first_here & second_there) | (second_here & first_there), np.bool_)


def _pairs(array: NDArray[Any], down: int, across: int) -> tuple[NDArray[Any], NDArray[Any]]:
    rows, columns = array.shape[:2]
    return array[: rows - down, : columns - across], array[down:, across:]
