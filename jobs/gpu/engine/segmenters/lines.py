"""The lines between tiles or bricks, and highlights: small bright things found by morphology."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb

_WORKING_SIDE: Final = 1024
# Grout is at most this share of the picture wide; wider stripes are something else.
_LINE_WIDTH: Final = 0.014
_LEAST_CONTRAST: Final = 14.0
# Between these shares of a close-up is grout. In a whole room everything has lines.
_LEAST_GROUT, _MOST_GROUT = 0.05, 0.40
_LEAST_CONNECTED: Final = 0.55
_LEAST_SPREAD: Final = 0.75
_LEAST_WITHIN: Final = 0.02

_GLOSS_LIGHT: Final = 235
_GLOSS_RISE: Final = 45
_GLOSS_REACH: Final = 1 / 90
_GLOSS_CHROMA: Final = 28
# A white part of a product is larger than a highlight on it, and what is white already shows none.
_MOST_BLOB: Final = 0.012
_MOST_AROUND: Final = 185
_AROUND: Final = 1 / 16


def find_grout(rgb: Rgb, *, within: Mask | None = None) -> Mask | None:
    """Grout as a mask HxW, or None.

    `within` is where tiles are known to lie. Without it only a close-up is believed, where one
    net of lines, all lighter or all darker than what they divide, spans the whole picture.
    """
    gray = _working_gray(rgb)
    limit = None if within is None else _shrunk(within, gray.shape) >= 128
    side = 2 * max(2, round(_LINE_WIDTH * max(gray.shape))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    smooth = cv2.GaussianBlur(gray, (0, 0), max(0.8, max(gray.shape) / 900))
    candidates: list[Mask] = []
    for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        relief = cv2.morphologyEx(smooth, kind, disc, borderType=cv2.BORDER_REPLICATE)
        level, _ = cv2.threshold(relief, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        lines = (relief > max(level, _LEAST_CONTRAST)).astype(np.uint8)
        candidates.append(lines if limit is None else lines & limit.astype(np.uint8))
    # The wrong polarity answers too, with the corners of the tiles: the fuller answer is right.
    candidates.sort(key=lambda lines: -int(lines.sum()))
    if limit is not None:
        enough = candidates[0].sum() >= _LEAST_WITHIN * limit.sum()
        return _enlarged(candidates[0], rgb.shape) if enough else None
    nets = (net for lines in candidates if (net := _main_net(lines)) is not None)
    net = next(nets, None)
    return None if net is None else _enlarged(net, rgb.shape)


def find_gloss(rgb: Rgb, *, within: Mask, without: Mask | None = None) -> Mask | None:
    """Highlights on a product: small, near white, and much lighter than what surrounds them.

    `within` is the product, `without` text that is white by nature; both HxW. None when nothing
    shines.
    """
    longest = max(rgb.shape[:2])
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    red, green, blue = cv2.split(rgb)
    # NumPy takes twenty times as long over so short an axis.
    lightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    chroma = cv2.subtract(lightest, darkest)
    white = (gray >= _GLOSS_LIGHT) & (chroma <= _GLOSS_CHROMA) & (within >= 128)
    side = 2 * max(2, round(longest * _GLOSS_REACH)) + 1
    here = _window(white, side + 2)
    if here is None:
        return None
    # What a disc this large cannot fit into: a highlight, and never the edge of a white part.
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    relief = cv2.morphologyEx(gray[here], cv2.MORPH_TOPHAT, disc, borderType=cv2.BORDER_REPLICATE)
    shining = white[here] & (relief > _GLOSS_RISE)
    shining &= _around(gray, within)[here] < _MOST_AROUND
    reach = 2 * max(1, round(longest / 200)) + 1
    shining &= cv2.erode(within[here], np.ones((reach, reach), np.uint8)) >= 128
    if without is not None:
        shining &= without[here] == 0
    spots = cv2.morphologyEx(shining.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
    small = stats[:, cv2.CC_STAT_AREA] <= _MOST_BLOB * gray.size
    small[0] = False
    spots = small[:count][labels].astype(np.uint8)
    if not spots.any():
        return None
    mask = np.zeros_like(gray)
    # Where a highlight fades out, the paint shows through: that part of it is painted.
    mask[here] = spots * np.uint8(255)
    return mask


def _window(here: BoolMask, room: int) -> tuple[slice, slice] | None:
    """The rows and columns about what is there (HxW), with so much room; None when nothing is."""
    left, top, width, height = cv2.boundingRect(here.view(np.uint8))
    if not width:
        return None
    rows = slice(max(0, top - room), top + height + room)
    return rows, slice(max(0, left - room), left + width + room)


def _around(gray: NDArray[np.uint8], within: Mask) -> Floats:
    """How light the product (HxW, within) is about each of its pixels."""
    height, width = gray.shape
    scale = min(1.0, 256 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    inside = cv2.resize(within, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    light = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    reach = max(1.0, max(size) * _AROUND)
    total = cv2.GaussianBlur(light * inside, (0, 0), reach)
    amount = cv2.GaussianBlur(inside, (0, 0), reach)
    mean = total / np.maximum(amount, 1e-3)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _main_net(lines: Mask) -> Mask | None:
    """The net when nearly all lines hang together and span the picture, or None."""
    share = float(lines.mean())
    if not _LEAST_GROUT <= share <= _MOST_GROUT:
        return None
    joined = cv2.dilate(lines, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    spans = min(
        stats[largest, cv2.CC_STAT_WIDTH] / lines.shape[1],
        stats[largest, cv2.CC_STAT_HEIGHT] / lines.shape[0],
    )
    net = lines & (labels == largest)
    if spans < _LEAST_SPREAD or float(net.sum()) < _LEAST_CONNECTED * float(lines.sum()):
        return None
    # A net divides the picture into many faces of like size; a face or a sofa does not.
    faces, _, sizes, _ = cv2.connectedComponentsWithStats(1 - joined)
    areas = sizes[1:, cv2.CC_STAT_AREA]
    areas = areas[areas > 0.0005 * lines.size]
    if faces < 13 or len(areas) < 12 or float(areas.max()) > 0.2 * lines.size:
        return None
    return np.asarray(net.astype(np.uint8), np.uint8)


def _working_gray(rgb: Rgb) -> Mask:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = _WORKING_SIDE / max(gray.shape)
    if scale >= 1:
        return np.asarray(gray, np.uint8)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarged(lines: Mask, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    enlarged = cv2.resize(lines * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.uint8)
