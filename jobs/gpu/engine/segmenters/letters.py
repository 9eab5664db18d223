"""The strokes of letters within a line of writing: the ink is kept, not the patch it stands on."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.membrane import membrane

# Ink differs from its ground by at least so many 8-bit steps of L*a*b*.
_LEAST_CONTRAST: Final = 14.0
# A pixel holds ink from this part of the way between ground and the letter's own colour.
_INK_FROM: Final = 0.4
# The share of a line that is ink, and how thick a stroke is for the height of the line.
_INK: Final = (0.03, 0.6)
_THICKEST: Final = 0.42
_LEAST_AREA: Final = 4
# The colour of the ground may wander so far along a line.
_GROUND_SPREAD: Final = 40.0
# What runs out of the line over more than this share of its own outline is no letter.
_MOST_CUT: Final = 0.07
_WORKING_HEIGHT: Final = 48


def letters_in(rgb: Rgb, area: BoolMask, height: float) -> Mask | None:
    """Letters in the window of one line (hxwx3): how much of each pixel is ink, 0-255.

    None when what is there is no writing.

    `area` (hxw) is where the line is, with ground around the letters; `height` is that of the
    letters, in pixels.
    """
    scale = min(1.0, _WORKING_HEIGHT / max(height, 1.0))
    size = (max(2, round(rgb.shape[1] * scale)), max(2, round(rgb.shape[0] * scale)))
    inside = _shrunk(area, size) if scale < 1 else area
    if int(inside.sum()) < 24:
        return None
    ground = _ground(rgb, inside, size)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    under = cv2.resize(ground, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
    away = np.sqrt(((lab - under) ** 2).sum(axis=2)).astype(np.float32)
    level, _ = cv2.threshold(
        np.minimum(away[area], 255).astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU
    )
    clear = (away > max(_LEAST_CONTRAST, level)) & area
    if not clear.any():
        return None
    colour = float(np.percentile(away[clear], 75))
    if colour < _LEAST_CONTRAST * 1.5:
        return None
    ink = (away > max(_LEAST_CONTRAST, _INK_FROM * min(colour, 2.5 * level))) & area
    ink = _strokes(np.asarray(ink, np.bool_), np.asarray(clear, np.bool_), area, height)
    share = float(ink.sum()) / float(area.sum())
    if not _INK[0] <= share <= _INK[1]:
        return None
    # The middle of a stroke is all ink, however thin it is and however pale that makes it.
    fullest = np.minimum(cv2.dilate(away, np.ones((3, 3), np.uint8)), colour)
    part = np.clip(away / np.maximum(fullest, 1), 0, 1)
    return np.where(ink, np.rint(part * 255), 0).astype(np.uint8)


def ink_of(rgb: Rgb, text: Mask) -> Mask:
    """The ink, 0-255, within the patches that a model takes for text (HxW, of a picture HxWx3).

    A patch in which no letters are found is kept as it is: protection must not lapse.
    """
    ink = np.zeros_like(text)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((text >= 128).astype(np.uint8))
    for number in range(1, count):
        left, top, wide, high = (int(value) for value in stats[number, :4])
        window = np.s_[top : top + high, left : left + wide]
        area = np.asarray(labels[window] == number, np.bool_)
        letters = letters_in(rgb[window], area, float(min(wide, high)))
        if letters is None:
            letters = area.astype(np.uint8) * np.uint8(255)
        np.maximum(ink[window], letters, out=ink[window])
    return ink


def _ground(rgb: Rgb, inside: BoolMask, size: tuple[int, int]) -> Floats:
    """The colour behind the letters (8-bit L*a*b*) at a working size, from the rim of the line."""
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    rim = inside & ~core
    if not rim.any():
        rim = inside
    usual = np.median(lab[rim], axis=0)
    rim = rim & (np.linalg.norm(lab - usual, axis=2) < _GROUND_SPREAD)
    if not rim.any():
        return np.full_like(lab, usual)
    # What lies within the line and looks like its rim is ground as well.
    filled = membrane(lab, np.asarray(rim, np.bool_))
    like = inside & (np.linalg.norm(lab - filled, axis=2) < _LEAST_CONTRAST)
    return membrane(lab, np.asarray(rim | like, np.bool_))


def _strokes(ink: BoolMask, clear: BoolMask, area: BoolMask, height: float) -> BoolMask:
    """The parts of the ink that may be letters: thin for the line, and whole within it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    if count < 2:
        return np.zeros_like(ink)
    sure = np.bincount(labels[clear], minlength=count) > 0
    padded = np.pad(ink.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_3)[1:-1, 1:-1]
    thick = np.zeros(count, np.float32)
    np.maximum.at(thick, np.asarray(labels, np.intp).ravel(), depth.ravel())
    edge = area & (cv2.erode(area.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
    cut = np.bincount(labels[edge & ink], minlength=count)
    outline = ink & (cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    around = np.maximum(np.bincount(labels[outline], minlength=count), 1)
    kept = sure & (2 * thick <= max(3.0, _THICKEST * height))
    kept &= (stats[:count, cv2.CC_STAT_AREA] >= _LEAST_AREA) & (cut <= _MOST_CUT * around)
    kept[0] = False
    return np.asarray(kept[labels], np.bool_)


def _shrunk(area: BoolMask, size: tuple[int, int]) -> BoolMask:
    small = cv2.resize(area.astype(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small >= 128, np.bool_)
