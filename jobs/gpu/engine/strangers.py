"""What hangs on a wall and is not wall: a sign, a switch in another colour, a fire alarm.

A model that looks for walls takes small things along. They are known by their colour: far from
every paint that covers much of the plain wall, and ending sharply, as the glow of a lamp does not.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.lab import to_lab
from jobs.gpu.engine.view import shrunk

# Plain wall: deviation of L* within seven pixels; shares of the surface that are plain and that are
# one paint; how far paints and strangers lie apart, in a* and b* of one lightness.
_PLAIN: Final = 5.0
_LEAST_PLAIN: Final = 0.15
_ONE_PAINT: Final = 0.12
_MOST_PAINTS: Final = 6
_STRANGE: Final = 14.0
_DOUBTFUL: Final = 8.0
_LEAST_STRANGE: Final = 0.35
# Shares of the picture, and how sharply (a*, b* per pixel) it ends; what is warm and light may be
# the glow of a lamp, and must end more sharply.
_LEAST, _MOST = 0.0001, 0.02
_SHARP: Final = 6.5
_SHARPER: Final = 14.0
_BINS: Final = 128


def strangers_on(mask: Mask, small: Rgb) -> Mask | None:
    """Where things in another colour lie on a surface (HxW), None for none; `small` is the picture
    of the mask, reduced (hxwx3)."""
    height, width = small.shape[:2]
    found = _strangers(small, np.asarray(shrunk(mask, max(height, width)) > 127, np.bool_))
    if found is None:
        return None
    size = (mask.shape[1], mask.shape[0])
    return np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _strangers(small: Rgb, inside: BoolMask) -> Mask | None:
    lab = to_lab(small)
    light = lab[..., 0]
    # Colour grows with the light: compare at one lightness.
    even = 76 / (np.maximum(light, 25) + 16)
    smooth = cv2.GaussianBlur(lab[..., 1:], (0, 0), 1.0)
    colour = np.asarray(smooth * even[..., np.newaxis], np.float32)
    mean = cv2.blur(light, (7, 7))
    rough = cv2.blur(light * light, (7, 7)) - mean * mean
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    plain = core & (rough < _PLAIN**2) & (light > 12)
    if not inside.any() or plain.sum() < _LEAST_PLAIN * inside.sum():
        return None
    paints = _paints(colour[plain])
    if not paints:
        return None
    first, second = cv2.split(colour)
    away = np.minimum.reduce([(first - a) ** 2 + (second - b) ** 2 for a, b in paints])
    strange = (away > _STRANGE**2) & inside & (light > 8)
    doubtful = ((away > _DOUBTFUL**2) & inside).astype(np.uint8)
    doubtful = cv2.morphologyEx(doubtful, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(doubtful)
    sure = np.bincount(labels[strange], minlength=count) > _LEAST_STRANGE * stats[:, 4]
    sure[0] = False
    if not sure.any():
        return None
    steps = [cv2.Sobel(colour, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1))]
    steepness = np.sqrt(sum((step * step).sum(axis=2) for step in steps))
    change = np.asarray(cv2.dilate(steepness, np.ones((3, 3), np.uint8)), np.float32)
    found = np.zeros(inside.shape, np.uint8)
    for index in np.flatnonzero(sure):
        left, top, width, height, area = stats[index].tolist()
        if not _LEAST * inside.size <= area <= _MOST * inside.size:
            continue
        around = np.s_[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3]
        thing = (labels[around] == index).astype(np.uint8)
        rim = _rim(thing) & inside[around]
        if rim.any() and float(np.median(change[around][rim])) > _least_change(
            thing, inside[around], light[around], lab[around]
        ):
            found[around][thing > 0] = 255
    if not found.any():
        return None
    return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), np.uint8)


def _paints(colours: Floats) -> list[Floats]:
    """The colours (n x 2) that many plain pixels have: the peaks of their histogram."""
    places = np.clip(np.rint(colours / 2) + _BINS // 2, 0, _BINS - 1).astype(np.intp)
    counts = np.bincount(places[:, 0] * _BINS + places[:, 1], minlength=_BINS * _BINS)
    smooth = cv2.GaussianBlur(counts.reshape(_BINS, _BINS).astype(np.float32), (0, 0), 1.5)
    left = smooth.copy()
    paints: list[Floats] = []
    while len(paints) < _MOST_PAINTS:
        row, column = divmod(int(left.argmax()), _BINS)
        about = np.s_[max(0, row - 4) : row + 5, max(0, column - 4) : column + 5]
        if left[row, column] <= 0 or smooth[about].sum() < _ONE_PAINT * smooth.sum():
            break
        paints.append(np.array([row - _BINS // 2, column - _BINS // 2], np.float32) * 2)
        left[about] = 0
    return paints


def _least_change(thing: Mask, inside: BoolMask, light: Floats, lab: Floats) -> float:
    within, beside = thing > 0, inside & (thing == 0)
    if not beside.any():
        return _SHARP
    lighter = float(light[within].mean()) > float(light[beside].mean())
    warmer = float(lab[..., 2][within].mean()) > float(lab[..., 2][beside].mean())
    return _SHARPER if lighter and warmer else _SHARP


def _rim(thing: Mask) -> BoolMask:
    side = np.ones((3, 3), np.uint8)
    outer = cv2.dilate(thing, side)
    inner = cv2.erode(thing, side, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(outer > inner, np.bool_)
