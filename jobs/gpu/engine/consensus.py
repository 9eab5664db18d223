"""What a model says of a pixel, weighed with what it says of the region that the pixel is part of.

A model leaves blobs out of a plain wall and lets tongues of it hang into a curtain. The picture
knows better where things end. So its opinions are spread as far as the picture is of one colour: a
blob without an edge is outvoted, and borders come to lie where the picture has them. That is
done for the small networks of ours, and for whoever says where he is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.channels import summed

# The longest side of the picture that regions are looked for in.
_SIDE: Final = 320
# How widely opinions spread, and by which step of colour (8-bit L*a*b*) from one pixel to the next
# the spreading falls to 1/e.
_SPREAD: Final = 600.0
_STEP: Final = 2.0
_ROUNDS: Final = 3
# What is finer and weaker than this is the grain of a region: reach in pixels, contrast.
_CALM: Final = (5, 6.0, 2.0)
# Mean opinion of a hole above which it is filled, of an island below which it is dropped, 0-255;
# and the share of the picture from which on neither is done.
_DOUBT: Final = 48.0
_BELIEVED: Final = 150.0
_LARGE: Final = 0.12
# Opinions between these are doubts; a model has some when they cover so many times the borders.
_OPEN: Final = (32, 223)
_DOUBTFUL: Final = 1.5


def agreed(masks: Mapping[str, Mask], small: Rgb) -> dict[str, Mask]:
    """Masks (HxW, 0-255, 128 where it may be or not) of the picture (hxwx3), at its size: 255 where
    the region is taken to belong, else 0."""
    height, width = small.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if not masks or min(size) < 2:
        return {name: _halved(_resized(mask, (width, height))) for name, mask in masks.items()}
    guide = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    guide = cv2.cvtColor(cv2.bilateralFilter(guide, *_CALM), cv2.COLOR_RGB2LAB)
    reduced = [cv2.resize(mask, size, interpolation=cv2.INTER_AREA) for mask in masks.values()]
    opinions = spread(np.stack(reduced, axis=2).astype(np.float32), guide.astype(np.float32))
    return {
        name: _halved(_resized(_sorted_out(opinions[..., index].copy()), (width, height)))
        for index, name in enumerate(masks)
    }


def in_doubt(masks: Mapping[str, Mask]) -> bool:
    """Whether masks (HxW, 0-255) say where they may be wrong, by wide borders."""
    doubts = borders = 0
    for mask in masks.values():
        halves = _halved(mask)
        border = cv2.morphologyEx(halves, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        borders += cv2.countNonZero(border)
        doubts += cv2.countNonZero(cv2.inRange(mask, *_OPEN))
    return doubts > _DOUBTFUL * borders


def spread(values: Floats, guide: Floats, amount: float = _SPREAD, step: float = _STEP) -> Floats:
    """Values (HxWxC) smoothed within the regions of a guide (HxWx3).

    Weighted least squares, solved along columns and rows in turns: Min, Choi, Lu, Ham, Sohn and Do,
    "Fast global image smoothing based on weighted least squares", 2014.
    """
    links = [
        np.exp(np.sqrt(summed(np.square(np.diff(guide, axis=axis)))) / np.float32(-step))
        for axis in (0, 1)
    ]
    across = np.ascontiguousarray(links[1].T)
    for turn in range(1, _ROUNDS + 1):
        share = np.float32(1.5 * 4 ** (_ROUNDS - turn) / (4**_ROUNDS - 1) * amount)
        turned = _solved(np.ascontiguousarray(values.transpose(1, 0, 2)), across * share)
        values = _solved(np.ascontiguousarray(turned.transpose(1, 0, 2)), links[0] * share)
    return values


def _solved(values: Floats, links: Floats) -> Floats:
    """Each column of values (N x M x C) smoothed over its links (N-1 x M), in place: a tridiagonal
    system each, all of them by one sweep down and one up (Thomas)."""
    if values.shape[2] == 1:
        return _solved_rows(values[..., 0], links)[..., np.newaxis]
    return _solved_rows(values, links)


def _solved_rows(values: Floats, links: Floats) -> Floats:
    """See `_solved`; of one channel without its axis, since the time goes into small steps."""
    wide = (slice(None), np.newaxis) if values.ndim == 3 else (slice(None),)
    carried = np.empty_like(links)
    rows, ways, left = list(values), list(links), list(carried)
    spare, step = np.empty_like(ways[0]), np.empty_like(rows[0])
    divisor = 1 / (1 + ways[0])
    np.multiply(ways[0], divisor, out=left[0])
    rows[0] *= divisor[wide]
    last = len(rows) - 1
    for row in range(1, last + 1):
        above = ways[row - 1]
        np.subtract(1, left[row - 1], out=spare)
        np.multiply(above, spare, out=divisor)
        divisor += 1
        if row < last:
            divisor += ways[row]
        np.reciprocal(divisor, out=divisor)
        if row < last:
            np.multiply(ways[row], divisor, out=left[row])
        here = rows[row]
        np.multiply(above[wide], rows[row - 1], out=step)
        here += step
        here *= divisor[wide]
    for row in range(last - 1, -1, -1):
        np.multiply(left[row][wide], rows[row + 1], out=step)
        rows[row] += step
    return values


def _sorted_out(opinion: Floats) -> Floats:
    """Holes in doubt filled and islands in doubt dropped, in place."""
    inside = opinion > 127
    for here, fill in ((~inside, True), (inside, False)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(here.astype(np.uint8))
        for index in range(1, count):
            left, top, width, height, area = stats[index].tolist()
            if area > _LARGE * opinion.size:
                continue
            around = np.s_[top : top + height, left : left + width]
            piece = labels[around] == index
            mean = float(opinion[around][piece].mean())
            if mean > _DOUBT if fill else mean < _BELIEVED:
                opinion[around][piece] = 255 if fill else 0
    return opinion


def _halved(mask: Mask | Floats) -> Mask:
    return (mask > 127).astype(np.uint8) * np.uint8(255)


def _resized(values: Floats | Mask, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)
