"""Whether two regions of a thing differ by light alone: by little, or with a slope for a border."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats

# So near, and of one hue, two are the lit and the shaded side of one paint, however sharp the edge.
_TWO_SIDES: Final = 26.0
_ONE_HUE: Final = 10.0
# Borders within a paint are slopes, measured over so many pixels of the small picture, between two
# shades of one hue, and no longer than this for the root of the area: light falls in large shapes.
_REACH: Final = 3
_SLOPE: Final = 0.55
_MOST_HUE: Final = 32.0
_LEAST_BORDER: Final = 12
_BORDER_LENGTH: Final = (0.5, 12.0)
# The dark side of a thing with a colour: that goes as far as this, or to nearly black; its border
# is flat, long, and frayed by grain.
_COLOURED: Final = 30.0
_LEAST_HUE: Final = 0.35
_NEARLY_BLACK: Final = 16.0
_FLAT: Final = 0.3
_BORDER_OF_SHADE: Final = (2.0, 24.0)


def by_light(features: Floats, one: BoolMask, two: BoolMask) -> bool:
    """Whether two paints differ by light alone: a little, or with a slope for a border."""
    first, second = features[one].mean(axis=0), features[two].mean(axis=0)
    gap = float(np.linalg.norm(first - second))
    hue = float(np.hypot(*(first - second)[1:]))
    if hue < _ONE_HUE and gap < _TWO_SIDES:
        return True
    shade = _in_shade(first, second)
    if hue > _MOST_HUE and not shade:
        return False
    step, border = _step(features, one, two)
    root = min(int(one.sum()), int(two.sum())) ** 0.5
    least, most = (share * root for share in _BORDER_LENGTH)
    if max(least, _LEAST_BORDER) <= border <= most and hue <= _MOST_HUE:
        return step < _SLOPE * gap
    least, most = (share * root for share in _BORDER_OF_SHADE)
    return shade and least <= border <= most and step < _FLAT * gap


def in_shade_of(features: Floats, one: BoolMask, two: BoolMask) -> bool:
    """Whether one of two paints with a colour is the other in the shade."""
    return _in_shade(features[one].mean(axis=0), features[two].mean(axis=0)) and by_light(
        features, one, two
    )


def _step(features: Floats, one: BoolMask, two: BoolMask) -> tuple[float, int]:
    """How far colours are apart across the border of two regions, and how long that is."""
    steps: list[Floats] = [np.empty(0, np.float32)]
    border = 0
    for down, across in ((0, 1), (1, 0)):
        border += int(_across(one, two, down, across).sum())
        far = _across(one, two, down * _REACH, across * _REACH)
        here, there = _pairs(features, down * _REACH, across * _REACH)
        steps.append(np.linalg.norm(here[far] - there[far], axis=1).astype(np.float32))
    measured = np.concatenate(steps)
    return (float(np.median(measured)) if measured.size else np.inf), border


def _in_shade(first: Floats, second: Floats) -> bool:
    """Whether the darker of two colours has the hue of the other, or is nearly black."""
    dark, lit = (first, second) if first[0] < second[0] else (second, first)
    colour = float(lit[1:] @ lit[1:])
    if colour < _COLOURED**2:
        return False
    part = float(np.clip(dark[1:] @ lit[1:] / colour, 0, 1))
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
