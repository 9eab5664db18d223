"""The reduced picture that models and masks work on, and the way back to full size.

No segmenter here sees finer than about 2000 pixels, so nothing that has to do with masks happens
at full size until the very end. The factor is a power of two: shrinking by one is ten times as
fast as by a fraction, and every pixel of the view is exactly a square of the photo.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.photo import Photo

VIEW_SIDE: Final = 2048
_STRIP_ROWS: Final = 240


def view_factor(photo: Photo, side: int = VIEW_SIDE) -> int:
    """The power of two by which a photo shrinks until its longest side is at most `side`."""
    factor = 1
    while max(photo.width, photo.height) > side * factor:
        factor *= 2
    return min(factor, photo.width, photo.height)


def reduced_on_white(photo: Photo, factor: int) -> Rgb:
    """The photo laid on a white sheet and shrunk, (H//factor)x(W//factor)x3.

    The colours stored under transparent pixels are arbitrary, often streaks or black, and would
    mislead a segmenter. Worked off in strips: a large photo gets no full-size copy.
    """
    if factor == 1 and photo.alpha is None:
        return photo.rgb
    rows, columns = photo.height // factor, photo.width // factor
    reduced = np.empty((rows, columns, 3), np.uint8)
    step = max(1, _STRIP_ROWS // factor)
    for start in range(0, rows, step):
        stop = min(rows, start + step)
        strip = np.s_[start * factor : stop * factor, : columns * factor]
        pixels = photo.rgb[strip]
        if photo.alpha is not None:
            pixels = _on_white(pixels, photo.alpha[strip])
        if factor > 1:
            size = (columns, stop - start)
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        reduced[start:stop] = pixels
    return reduced


def full_size(mask: Mask, shape: tuple[int, int], factor: int) -> Mask:
    """A mask of the view as a mask of the photo (`shape`), linearly enlarged.

    The last rows and columns, which filled no square of the view, continue their neighbours.
    """
    if factor == 1:
        return mask
    size = (mask.shape[1] * factor, mask.shape[0] * factor)
    enlarged = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    down, across = shape[0] - size[1], shape[1] - size[0]
    if down or across:
        enlarged = cv2.copyMakeBorder(enlarged, 0, down, 0, across, cv2.BORDER_REPLICATE)
    return np.asarray(enlarged, np.uint8)


def sharpened(weight: Mask, factor: int) -> Mask:
    """An enlarged mask with its soft edge as narrow as the view had it, in place.

    Turned about its middle, so that two masks that shared a border still add up to the whole.
    """
    if factor > 1:
        steep = 1 + 0.3 * min(factor, 4)
        level = np.arange(256, dtype=np.float32)
        curve = np.clip(np.rint((level - 127.5) * steep + 127.5), 0, 255).astype(np.uint8)
        cv2.LUT(weight, curve, dst=weight)
    return weight


def shrunk(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture or mask (HxW or HxWxC) with at most `side` pixels on its longest side.

    By a whole number first, which is ten times as fast, and by what remains afterwards.
    """
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest <= side:
        return picture
    size = (max(1, round(width * side / longest)), max(1, round(height * side / longest)))
    factor = min(longest // side, height, width)
    if factor > 1:
        whole = picture[: height // factor * factor, : width // factor * factor]
        step = (width // factor, height // factor)
        picture = np.asarray(cv2.resize(whole, step, interpolation=cv2.INTER_AREA), np.uint8)
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _on_white(rgb: Rgb, alpha: Mask) -> Rgb:
    weight = cv2.merge([alpha] * 3)
    inked = cv2.multiply(np.ascontiguousarray(rgb), weight, scale=1 / 255)
    return np.asarray(cv2.add(inked, cv2.bitwise_not(weight)), np.uint8)
