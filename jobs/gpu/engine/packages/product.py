"""A product centred on a sheet, and the details of it that are worth a look."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from PIL import Image

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.packages.subject import Box, Opened, Subject, in_srgb

BACKGROUND: Final = "Background"
# Without its shadow: marketplaces want nothing but the product on white.
ALONE: Final = Edit("remove")
# Marketplaces measure how much of a picture the product fills, and not how sharp it is.
MOST_ENLARGED: Final = 4.0
# Around a product on a board of colours, as a share of its longer side.
ROOM: Final = 0.12
# Of what is cut out for a detail: shares of the product's longer side, the first of which as many
# are found as are wanted, how much of it must be product, and how far two of them may cover each
# other.
DETAILS: Final = (0.42, 0.34, 0.27, 0.22)
MOSTLY_PRODUCT: Final = 0.7
MOST_SHARED: Final = 0.25
_STEP: Final = 6  # positions within the length of a detail


class Product:
    """The product of a photo as the job edited it: in its surroundings, and alone on white."""

    def __init__(self, opened: Opened, subject: Subject) -> None:
        concepts = subject.wanted.concepts
        edited = opened.edited(concepts) if concepts else None
        self.picture: Rgb = in_srgb(edited or opened.photo)
        self.box: Box | None = opened.box_around(BACKGROUND)
        alone = None
        if self.box is not None and BACKGROUND not in concepts:
            alone = opened.edited({**concepts, BACKGROUND: ALONE})
        self.alone: Rgb = self.picture if alone is None else in_srgb(alone)
        mask = opened.found.masks.get(BACKGROUND)
        self.mask: Mask | None = None if mask is None else np.asarray(255 - mask, np.uint8)


def centred(picture: Rgb, box: Box | None, size: tuple[int, int], fill: float, sheet: str) -> Rgb:
    """The part of a picture in `box` (all of it without one) in the middle of a sheet of that size
    (width, height), as large as `fill` of it allows.

    What is white in the picture around the product has the colour of the sheet.
    """
    width, height = size
    box = box or Box(0, 0, picture.shape[1], picture.shape[0])
    scale = min(width * fill / box.width, height * fill / box.height, MOST_ENLARGED)
    # From the middle of the box to the edges of the sheet, in pixels of the picture.
    across, down = width / scale / 2, height / scale / 2
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    left, top = max(0, round(x - across)), max(0, round(y - down))
    right = min(picture.shape[1], round(x + across))
    bottom = min(picture.shape[0], round(y + down))
    part = picture[top:bottom, left:right]
    target = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    shown = Image.fromarray(part).resize(target, Image.Resampling.LANCZOS)
    board = Image.new("RGB", size, "#FFFFFF")
    board.paste(
        shown, (round(width / 2 - (x - left) * scale), round(height / 2 - (y - top) * scale))
    )
    return _tinted(np.asarray(board), sheet)


def _tinted(picture: Rgb, sheet: str) -> Rgb:
    """White becomes the colour of the sheet, and everything on it is seen in its light."""
    colour = tuple(int(sheet[at : at + 2], 16) for at in (1, 3, 5))
    if colour == (255, 255, 255):
        return picture
    tables = [np.rint(np.arange(256) * (part / 255)).astype(np.uint8) for part in colour]
    table = np.stack(tables, axis=1)[np.newaxis]
    return np.asarray(cv2.LUT(picture, table), np.uint8)


def around(picture: Rgb, box: Box | None) -> Rgb:
    """The product with a little room around it, as far as the picture goes."""
    if box is None:
        return picture
    room = round(max(box.width, box.height) * ROOM)
    rows = slice(max(0, box.top - room), box.bottom + room)
    return picture[rows, max(0, box.left - room) : box.right + room]


def details(picture: Rgb, box: Box | None, mask: Mask | None, count: int, side: int) -> list[Rgb]:
    """The squares of a product in which most happens, from top to bottom, at most `side` pixels
    each. `mask` (HxW, at any size) says where the product is.
    """
    box = box or Box(0, 0, picture.shape[1], picture.shape[0])
    energy = _energy(picture)
    here = None
    if mask is not None:
        here = np.asarray(cv2.resize(mask, energy.shape[::-1]), np.uint8)
    chosen: list[tuple[int, int]] = []
    length = 0
    for share in DETAILS:
        length = max(16, round(max(box.width, box.height) * share))
        length = min(length, picture.shape[0], picture.shape[1])
        chosen = _best(energy, here, box, picture.shape[:2], length, count)
        if len(chosen) == count:
            break
    return [
        _reduced(picture[top : top + length, left : left + length], side)
        for top, left in sorted(chosen)
    ]


def _best(
    energy: Mask,
    here: Mask | None,
    box: Box,
    shape: tuple[int, ...],
    length: int,
    count: int,
) -> list[tuple[int, int]]:
    """Top and left of up to `count` squares, the most eventful first."""
    scale = energy.shape[1] / shape[1]
    found: list[tuple[float, int, int]] = []
    for top in _places(box.top, box.bottom, length, shape[0]):
        for left in _places(box.left, box.right, length, shape[1]):
            rows = slice(round(top * scale), max(round((top + length) * scale), 1))
            columns = slice(round(left * scale), max(round((left + length) * scale), 1))
            share = 1.0 if here is None else float((here[rows, columns] > 127).mean())
            worth = float(energy[rows, columns].mean()) * min(1.0, share / MOSTLY_PRODUCT) ** 2
            found.append((worth, top, left))
    chosen: list[tuple[int, int]] = []
    for _, top, left in sorted(found, reverse=True):
        if all(_shared(top, left, *other, length) <= MOST_SHARED for other in chosen):
            chosen.append((top, left))
        if len(chosen) == count:
            break
    return chosen


def _energy(picture: Rgb) -> Mask:
    """How much happens where: edges, on a picture of about 512 pixels."""
    scale = min(1.0, 512 / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.cvtColor(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    smooth = cv2.GaussianBlur(small, (0, 0), 1.2)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strong = np.minimum(cv2.magnitude(across, down), 160)
    return np.asarray(strong, np.uint8)


def _places(start: int, stop: int, length: int, most: int) -> list[int]:
    last = max(start, min(stop, most) - length)
    first = min(start, most - length)
    steps = max(1, round((last - first) / max(1, length // _STEP)))
    return sorted({round(first + (last - first) * n / steps) for n in range(steps + 1)})


def _shared(top: int, left: int, other_top: int, other_left: int, length: int) -> float:
    down = max(0, length - abs(top - other_top))
    across = max(0, length - abs(left - other_left))
    return down * across / length**2


def _reduced(picture: Rgb, side: int) -> Rgb:
    if max(picture.shape[:2]) <= side:
        return np.ascontiguousarray(picture)
    scaled = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, np.uint8)
