"""Parts that lie within a paint's range of light and end sharply: chrome on black, a dial.

Black, chrome and white have no hue, so that they make one hill of colours, as the light and the
dark side of one grey do. Polished metal mirrors what is around it: it is much lighter than the
black beside it, its lightness is uneven, and its border is sharp. The lit side of a matt thing is
as even as the rest. A dial is a disc.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats
from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.paint_parts import Part

Window = tuple[slice, slice]

# Of the thing: the least part, and the least paint that is looked into.
_LEAST: Final = 0.01
_LEAST_PAINT: Final = 0.04
_LEAST_PIXELS: Final = 64
# Parts are looked for above these percentiles of a paint's lightness, and on both sides of the
# best threshold of a hue.
_LIGHTEST: Final = (96, 90, 82, 74, 66, 58)
# Of its paint a part covers less than this, light ones less than that.
_LARGEST: Final = 0.6
_DETAIL: Final = 0.09
# The border: within how many pixels the colour must change, by how much of the whole difference,
# along which share of it, and how long it is at least.
_WITHIN: Final = 3
_STEEP: Final = 0.6
_MOSTLY: Final = 0.8
_LEAST_BORDER: Final = 10
# Around a piece so many pixels are looked at.
_ROOM: Final = 10
# Half the width of a part at its thickest, in pixels.
_THICK: Final = 2.5
# Colours next to the border vary by less than this share of the difference.
_UNEVEN: Final = 0.4
# In the steps of `paints`: neutral, and lighter than black by this; metal varies by that.
_NEUTRAL: Final = 16.0
_BLACK: Final = 32.0
_LIGHTER: Final = 30.0
_MIRRORS: Final = 6.0
_MIRRORED: Final = 5
# A disc: enclosed, this much lighter, this share of the ellipse about it, of the thing at least.
_DIAL_LIGHTER: Final = 10.0
_DISC: Final = 0.93
_LEAST_DISC: Final = 0.03
_ENCLOSED: Final = 0.97
# Light multiplies what colour there is, within these limits. What no such factor explains is
# another hue, where at most one of the two has much of a colour.
_BY_LIGHT: Final = (0.5, 1.7)
_HUE_APART: Final = 13.0
_PALE: Final = 20.0


def sharp_parts(features: Floats, labels: Labels) -> list[Part]:
    """The parts of the paints (hxw numbers, -1 for none) of a picture (hxwx3 colours as `paints`
    tells them) that are paints of their own, the largest first."""
    total = int((labels >= 0).sum())
    found: list[Part] = []
    for number in np.unique(labels[labels >= 0]).tolist():
        paint = np.asarray(labels == number, np.bool_)
        size = int(paint.sum())
        if size < max(_LEAST_PAINT * total, _LEAST_PIXELS):
            continue
        left = paint.copy()
        for channel in range(3):
            for side in _sides(features[..., channel], left, channel):
                for window, piece in _pieces(side & left, total, size):
                    look = _look(features[window], piece, paint[window], (size, total))
                    if look is None or not _is_part(look, features, paint, (window, piece)):
                        continue
                    left[window] &= ~piece
                    where = np.zeros_like(paint)
                    where[window] = piece
                    found.append(Part(where, number, look.middle, look.beside))
    return sorted(found, key=lambda part: -int(part.where.sum()))


def _sides(values: Floats, paint: BoolMask, channel: int) -> Iterator[BoolMask]:
    own = values[paint]
    if own.size < _LEAST_PIXELS:
        return
    if channel == 0:
        for level in np.percentile(own, _LIGHTEST).tolist():
            yield values > level
        return
    low, high = float(own.min()), float(own.max())
    if high - low < _HUE_APART:
        return
    scaled = np.clip((values - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(scaled[paint], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    yield scaled > level
    yield scaled <= level


def _pieces(side: BoolMask, total: int, paint: int) -> Iterator[tuple[Window, BoolMask]]:
    """Connected pieces of a side (hxw), each in a window with room around it."""
    smooth = cv2.medianBlur(side.astype(np.uint8), 5) & side.astype(np.uint8)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(smooth, connectivity=4)
    for index in range(1, count):
        left, top, width, height, area = stats[index].tolist()
        if _LEAST * total <= area <= _LARGEST * paint:
            window = (
                slice(max(0, top - _ROOM), top + height + _ROOM),
                slice(max(0, left - _ROOM), left + width + _ROOM),
            )
            yield window, np.asarray(numbers[window] == index, np.bool_)


@dataclass(frozen=True)
class _Look:
    """What is known of a piece.

    inside, beside: 3, mean colours next to its border; middle: 3, its mean colour. enclosed: 0-1,
    how much of its outline lies in its paint. of_paint, of_thing: 0-1, its share. mirrors: how its
    lightness varies from pixel to pixel. disc: 0-1, how round it is. uneven: how colours vary
    next to the border, as a share of the difference. sharp: 0-1, along how much of the border.
    """

    inside: Floats
    beside: Floats
    middle: Floats
    enclosed: float
    of_paint: float
    of_thing: float
    mirrors: float
    disc: float
    uneven: float
    sharp: float


def _look(
    features: Floats, where: BoolMask, paint: BoolMask, sizes: tuple[int, int]
) -> _Look | None:
    """A piece (hxw) of a paint (hxw) in a window of a picture (hxwx3), None when it is too thin or
    too little of it borders on its paint. sizes: of the paint and the thing."""
    inner = where.astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(inner, 1), cv2.DIST_L2, cv2.DIST_MASK_3)
    if float(depth.max()) < _THICK:
        return None
    rim = _grown(inner, 3) & ~where
    border = rim & paint
    ring = _grown(inner, 13) & ~_grown(inner, 5) & paint
    core = cv2.erode(inner, np.ones((5, 5), np.uint8)) > 0
    near = core & _grown(border.astype(np.uint8), 17)
    if min(int(one.sum()) for one in (border, ring, near)) < _LEAST_BORDER:
        return None
    inside, beside = features[near].mean(axis=0), features[ring].mean(axis=0)
    gap = inside - beside
    along = np.asarray(((features - beside) @ gap) / max(float(gap @ gap), 1e-6), np.float32)
    window = np.ones((2 * _WITHIN + 1, 2 * _WITHIN + 1), np.uint8)
    step = cv2.dilate(along, window) - cv2.erode(along, window)
    area = float(where.sum())
    return _Look(
        inside=inside,
        beside=beside,
        middle=features[core].mean(axis=0),
        enclosed=float(border.sum()) / float(rim.sum()),
        of_paint=area / sizes[0],
        of_thing=area / sizes[1],
        mirrors=_local_contrast(features, np.asarray(core, np.bool_)),
        disc=_roundness(inner),
        uneven=max(float(along[near].std()), float(along[ring].std())),
        sharp=float((step[border] > _STEEP).mean()),
    )


def _is_part(
    look: _Look, features: Floats, paint: BoolMask, place: tuple[Window, BoolMask]
) -> bool:
    if look.sharp < _MOSTLY:
        return False
    if _is_dial(look):
        return True
    if look.uneven > _UNEVEN:
        return False
    if _is_metal(look):
        return True
    if not _other_hue(look.inside, look.beside):
        return False
    rest, (window, piece) = paint.copy(), place
    rest[window] &= ~piece
    return _other_hue(look.inside, features[rest].mean(axis=0))


def _is_metal(look: _Look) -> bool:
    lighter = float(look.inside[0] - look.beside[0])
    return (
        _neutral(look)
        and lighter > _LIGHTER
        and float(look.beside[0]) < _BLACK
        and look.of_paint < _DETAIL
        and look.mirrors > _MIRRORS
    )


def _is_dial(look: _Look) -> bool:
    lighter = float(look.inside[0] - look.beside[0])
    return (
        _neutral(look)
        and lighter > _DIAL_LIGHTER
        and look.enclosed > _ENCLOSED
        and look.disc > _DISC
        and look.of_thing > _LEAST_DISC
    )


def _other_hue(first: Floats, second: Floats) -> bool:
    """Whether light cannot make one of two colours of the other."""
    strong, weak = sorted((first, second), key=lambda colour: -_chroma(colour))
    if _chroma(weak) > _PALE:
        return False
    least, most = _BY_LIGHT
    if weak[0] > strong[0]:
        least = 0.0  # gloss on a colour may leave nothing of it
    one, two = strong[1:], weak[1:]
    factor = float(np.clip(float(one @ two) / max(float(one @ one), 1e-6), least, most))
    return float(np.linalg.norm(two - np.float32(factor) * one)) > _HUE_APART


def _neutral(look: _Look) -> bool:
    return max(_chroma(look.inside), _chroma(look.beside)) < _NEUTRAL


def _chroma(colour: Floats) -> float:
    return float(np.hypot(colour[1], colour[2]))


def _local_contrast(features: Floats, core: BoolMask) -> float:
    """How much lightness varies within few pixels, the median over a core (hxw)."""
    light, side = features[..., 0], (_MIRRORED, _MIRRORED)
    mean = cv2.blur(light, side)
    return float(
        np.sqrt(np.median(np.maximum(cv2.blur(light * light, side) - mean * mean, 0)[core]))
    )


def _roundness(inner: np.ndarray) -> float:
    """How much of the ellipse about a piece (hxw, 0 or 1), without its holes, is the piece, 0-1."""
    outlines, _ = cv2.findContours(inner, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=len)
    if len(largest) < 16:
        return 0.0
    centre, axes, angle = cv2.fitEllipse(largest)
    whole, ellipse = np.zeros_like(inner), np.zeros_like(inner)
    cv2.drawContours(whole, [largest], -1, 1, cv2.FILLED)
    cv2.ellipse(ellipse, (centre, axes, angle), 1, cv2.FILLED)
    either = int((whole | ellipse).sum())
    return float((whole & ellipse).sum()) / max(either, 1)


def _grown(inner: np.ndarray, side: int) -> BoolMask:
    return np.asarray(cv2.dilate(inner, np.ones((side, side), np.uint8)) > 0, np.bool_)
