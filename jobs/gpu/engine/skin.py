"""Which part of a thing is the person who wears or holds it.

A thing is shown worn: skin and brown hair are then part of what stands out, and may even be joined
to a paint near to them, the red of a dress or the black of trousers. Skin of all tones lies in one
narrow range of hue, and once lightness is taken out also of colour; leather, wood and copper lie
beside it or reach into it, so that a paint is only parted where both parts differ clearly.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb
from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.lab import to_lab

# Degrees of hue in the plane of a* and b*, and chroma as it would be at L* = 42.
_HUE: Final = (28.0, 60.0)
_CHROMA: Final = (11.0, 34.0)
# Of what may be skin, too, if it hangs together with skin that is so much of both.
_LIKELY_HUE: Final = (24.0, 66.0)
_LIKELY_CHROMA: Final = (6.5, 42.0)
_MOSTLY_SURE: Final = 0.35
# In the shade skin is more saturated: so much more, from one lightness down to another.
_SHADED_CHROMA: Final = 30.0
_SHADE_FROM, _SHADE_AT = 45.0, 15.0
# A paint is skin when so much of it is; parted when its skin covers this share of the thing and
# lies this far from the rest in colour: the shade of a warm white looks like skin, too.
_IS_SKIN: Final = 0.5
_LEAST: Final = 0.02
_LEAST_OF_PAINT: Final = 0.005
_APART: Final = 20.0
# Or less far, where it ends sharply: within how many pixels, by which share of the difference,
# along how much of the border; and from a paint that is even, since a stitch of a knit ends
# sharply, too.
_UNEVEN: Final = 0.5
_NEAR: Final = 11.0
_WITHIN: Final = 4
_STEEP: Final = 0.45
_MOSTLY: Final = 0.7
# Far off it must at least end sharply along this much: orange in the shade looks like skin.
_PARTLY: Final = 0.35
_ROUNDED: Final = 9
# What has this much of its outline along skin, and is this small beside it, is the person's.
_ENCLOSED: Final = 0.35
_FEATURE: Final = 0.03


def parted(rgb: Rgb, features: Floats, labels: Labels) -> tuple[Labels, int | None]:
    """Paints (hxw numbers, -1 for none) of a picture (hxwx3) with skin as a paint of its own, and
    the number of that, None when there is none.

    features: hxwx3, the colours by which `paints` tells them.
    """
    inside = np.asarray(labels >= 0, np.bool_)
    total = max(int(inside.sum()), 1)
    sure, skin = _like_skin(rgb, inside)
    if float(skin.sum()) < _LEAST * total:
        return labels, None
    least = _LEAST_OF_PAINT * total
    labels = labels.copy()
    bare = int(labels.max()) + 1
    for number in range(bare):
        paint = labels == number
        part = paint & skin
        amount, rest = int(part.sum()), int(paint.sum()) - int(part.sum())
        if amount and int((paint & sure).sum()) >= _IS_SKIN * (amount + rest):
            labels[paint] = bare
        elif amount >= least and rest >= least:
            other = np.asarray(paint & ~skin, np.bool_)
            gap = (features[part].mean(axis=0) - features[other].mean(axis=0))[1:]
            apart = float(np.hypot(*gap))
            sharp, uneven = _border(features, part, other, gap)
            if (apart > _APART and sharp > _PARTLY) or (
                apart > _NEAR and sharp > _MOSTLY and uneven < _UNEVEN
            ):
                labels[part] = bare
    if not bool((labels == bare).any()):
        return labels, None
    return _with_features(labels, bare), bare


def _border(features: Floats, part: BoolMask, other: BoolMask, gap: Floats) -> tuple[float, float]:
    """Along how much of the border of two regions (hxw) that meet their hue differs by most of
    their difference (2) within few pixels, 0-1, since a shade fades; and how uneven the other is,
    as a share of the difference."""
    along = np.asarray(features[..., 1:] @ (gap / float(gap @ gap)), np.float32)
    side = np.ones((2 * _WITHIN + 1, 2 * _WITHIN + 1), np.uint8)
    border = (cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & other
    uneven = float(along[other].std())
    if not border.any():
        return 0.0, uneven
    step = (cv2.dilate(along, side) - cv2.erode(along, side))[border]
    return float((step > _STEEP).mean()), uneven


def _with_features(labels: Labels, bare: int) -> Labels:
    """The same with what skin encloses, or borders where the thing ends: lips, eyes and the rim of
    an arm are the person's, whatever their colour."""
    skin = (labels == bare).astype(np.uint8)
    others = ((labels >= 0) & (labels != bare)).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(others)
    area = stats[:, cv2.CC_STAT_AREA]
    grown = cv2.dilate(others, np.ones((3, 3), np.uint8))
    # Each pixel around the pieces belongs to the piece that it lies next to.
    near = cv2.dilate(pieces.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.intp)
    outline = grown > others
    around = np.bincount(near[outline], minlength=count)
    bordering = np.bincount(near[outline & (skin > 0)], minlength=count)
    small = area < _FEATURE * max(int(skin.sum()), 1)
    enclosed = small & (bordering > _ENCLOSED * np.maximum(around, 1))
    enclosed[0] = False
    labels = labels.copy()
    labels[enclosed[pieces]] = bare
    return labels


def _like_skin(rgb: Rgb, inside: BoolMask) -> tuple[BoolMask, BoolMask]:
    """Where a thing (hxw) looks like skin, and that with what may be skin and hangs together with
    it, where the sun bleaches it or a dress throws its colour on it."""
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0), np.uint8)
    lightness, a, b = cv2.split(to_lab(smooth))
    chroma, hue = cv2.cartToPolar(a, b, angleInDegrees=True)
    relative = chroma * (np.float32(60) / (lightness + np.float32(18)))
    shade = np.clip((_SHADE_FROM - lightness) / (_SHADE_FROM - _SHADE_AT), 0, 1)
    most = _SHADED_CHROMA * shade

    def alike(hues: tuple[float, float], chromas: tuple[float, float]) -> BoolMask:
        within = (hue > hues[0]) & (hue < hues[1]) & (relative > chromas[0])
        within &= (relative < chromas[1] + most) & inside
        rounded = cv2.medianBlur(within.astype(np.uint8), _ROUNDED) > 0
        return np.asarray(rounded & inside, np.bool_)

    sure = alike(_HUE, _CHROMA)
    if float(sure.sum()) < _LEAST * max(int(inside.sum()), 1):
        return sure, sure
    likely = alike(_LIKELY_HUE, _LIKELY_CHROMA)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(likely.astype(np.uint8))
    amounts = np.bincount(pieces[sure], minlength=count)
    whole = amounts > _MOSTLY_SURE * stats[:, cv2.CC_STAT_AREA]
    whole[0] = False
    return sure, np.asarray(sure | whole[pieces], np.bool_)
