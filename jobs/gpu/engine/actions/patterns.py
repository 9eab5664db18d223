"""Seamless material patterns, drawn by formula: no picture of anybody's is used.

Every pattern is a square that repeats in both directions and is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Rgb
from jobs.vocabulary import MATERIALS, parse_hex

SIDE: Final = 1024

Field = NDArray[np.float64]


@cache
def pattern(name: str) -> Rgb:
    """The repeating square of a texture, 1024x1024x3. Raises KeyError for an unknown name."""
    drawn = _PATTERNS[name]()
    drawn.setflags(write=False)  # it is shared by every caller
    return drawn


def _noise(seed: int, across: float, down: float) -> Field:
    """Gaussian noise that repeats, of mean 0 and deviation 1.

    `across` and `down` are the size of its grain in pixels. It is filtered in the frequency
    domain, where everything repeats by nature.
    """
    white = np.random.default_rng(seed).normal(size=(SIDE, SIDE))
    fx, fy = np.fft.rfftfreq(SIDE)[np.newaxis], np.fft.fftfreq(SIDE)[:, np.newaxis]
    kept = np.exp(-2 * (np.pi * np.hypot(fx * across, fy * down)) ** 2)
    kept[0, 0] = 0
    field = np.fft.irfft2(np.fft.rfft2(white) * kept, s=(SIDE, SIDE))
    return np.asarray(field / field.std(), np.float64)


def _painted(colour: str, shade: Field, warmth: Field | float = 0.0) -> Rgb:
    """A base colour times a shade around 1; positive warmth is redder, in 8-bit steps."""
    base = np.array(parse_hex(colour), np.float64)
    tint = np.asarray(warmth)[..., np.newaxis] * np.array([1.0, 0.1, -0.8])
    painted: Field = np.clip(np.rint(base * shade[..., np.newaxis] + tint), 0, 255)
    return painted.astype(np.uint8)


def _planks(colour: str) -> Rgb:
    """Floor boards along the vertical: eight across, each with its own shade and a butt joint."""
    boards, rng = 8, np.random.default_rng(11)
    width = SIDE // boards
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    board = column // width
    joint = rng.permutation(boards) * (SIDE // boards) + rng.integers(0, width // 2, boards)
    # Two boards meet in every lane; each half gets its own shade and its own stretch of grain.
    half = ((row - joint[board]) % SIDE) // (SIDE // 2)
    piece = board * 2 + half
    shade_of = rng.normal(1.0, 0.06, 2 * boards)
    warmth_of = rng.normal(0.0, 5.0, 2 * boards)
    offset = rng.integers(0, SIDE, 2 * boards)[piece]
    fibre = _noise(1, 1.2, 60)[(row + offset) % SIDE, column]
    bands = _noise(2, 9, 260)[(row + offset) % SIDE, column]
    rings = np.sin(5.0 * bands + 0.4 * fibre)
    pores = np.minimum(_noise(3, 0.8, 14) + 1.6, 0)
    shade = shade_of[piece] * (1 + 0.035 * rings + 0.028 * fibre + 0.07 * pores)
    to_seam = np.minimum(column % width, width - 1 - column % width)
    to_joint = (row - joint[board]) % (SIDE // 2)
    gap = np.minimum(to_seam, np.minimum(to_joint, SIDE // 2 - to_joint))
    shade *= 1 - 0.55 * np.exp(-((gap / 1.6) ** 2))
    return _painted(colour, shade, warmth_of[piece] + 2 * rings)


def _herringbone(colour: str) -> Rgb:
    """Short boards at right angles, four times as long as wide, laid in zigzags along the vertical.

    On a grid of squares as wide as a board, the boards of a row or column begin one square
    further in the next, and those that lie across fill what is left: everything repeats after
    eight squares. Turned by 45 degrees by reading it along its diagonals, which keeps it seamless.
    """
    ratio, width, rng = 4, SIDE // 16, np.random.default_rng(61)
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    across, down = (column + row) % SIDE, (row - column) % SIDE
    i, j = across // width, down // width
    place = (i - j) % (2 * ratio)
    lying = place < ratio
    # Which board it is: the square where it begins.
    first_i = np.where(lying, i - place, i) % 16
    first_j = np.where(lying, j, j - (2 * ratio - 1 - place)) % 16
    board = first_i * 16 + first_j
    along, beside = np.where(lying, across, down), np.where(lying, down, across)
    into = (along - np.where(lying, first_i, first_j) * width) % SIDE
    aside = beside % width
    gap = np.minimum.reduce([aside, width - 1 - aside, into, ratio * width - 1 - into])
    fibre = _noise(62, 50, 1.2)[(beside + 37 * board) % SIDE, (along + 91 * board) % SIDE]
    bands = _noise(63, 200, 8)[(beside + 37 * board) % SIDE, (along + 91 * board) % SIDE]
    rings = np.sin(5.0 * bands + 0.4 * fibre)
    shade = rng.normal(1.0, 0.07, 256)[board] * (1 + 0.03 * rings + 0.028 * fibre)
    shade *= 1 - 0.5 * np.exp(-((gap / 1.6) ** 2))
    return _painted(colour, shade, rng.normal(0.0, 5.0, 256)[board] + 2 * rings)


def _brick() -> Rgb:
    """Fired bricks in running bond, with rough pale mortar."""
    rows, bricks, rng = 16, 4, np.random.default_rng(71)
    height, length, joint = SIDE // rows, SIDE // bricks, 5
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    course = row // height
    shifted = (column + course % 2 * (length // 2)) % SIDE
    brick = course * bricks + shifted // length
    inside = np.minimum.reduce(
        [row % height, height - 1 - row % height, shifted % length, length - 1 - shifted % length]
    )
    edge = inside + 1.2 * _noise(72, 5, 5)
    fired = rng.normal(1.0, 0.09, rows * bricks)[brick]
    shade = fired + 0.06 * _noise(73, 14, 9) + 0.05 * _noise(74, 1.2, 1.2)
    shade -= 0.14 * np.exp(-(((edge - joint) / 2.5) ** 2))
    face = _painted(MATERIALS["brick"], shade, rng.normal(0.0, 5.0, rows * bricks)[brick])
    mortar = _painted("#BDB5A8", 1 + 0.05 * _noise(75, 2, 2) + 0.04 * _noise(76, 40, 40))
    return np.where((edge < joint)[..., np.newaxis], mortar, face)


def _terrazzo() -> Rgb:
    """Chips of stone of every size in a pale ground, polished flat."""
    rng = np.random.default_rng(81)
    ground = _painted("#E6E2DA", 1 + 0.015 * _noise(82, 60, 60) + 0.012 * _noise(83, 1, 1))
    stones = ("#8D8A86", "#C9B8A0", "#5D5C5B", "#B77F63", "#F7F5F1", "#7E8F86", "#D6A98C")
    colours = [parse_hex(stone) or (0, 0, 0) for stone in stones]
    for size in (34, 20, 20, 11, 11, 11, 6, 6, 6, 6):
        for _ in range(90):
            angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(4, 8)))
            reach = size * rng.uniform(0.5, 1.0, angles.size)
            chip = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, np.newaxis]
            centre, colour = rng.uniform(0, SIDE, 2), colours[rng.integers(len(colours))]
            # What reaches over an edge comes in again on the other side.
            for left in (-SIDE, 0, SIDE):
                for top in (-SIDE, 0, SIDE):
                    corners = np.rint((chip + centre + (left, top)) * 16).astype(np.int32)
                    cv2.fillConvexPoly(ground, corners, colour, cv2.LINE_AA, shift=4)
    return ground


def _marble() -> Rgb:
    """White stone: soft clouds, and veins where a warped noise crosses zero."""
    clouds = _noise(21, 90, 90)
    large = _noise(22, 110, 80) + 0.16 * _noise(23, 22, 22) + 0.05 * _noise(24, 6, 6)
    fine = _noise(25, 55, 60) + 0.25 * _noise(26, 14, 14)
    presence = np.clip(0.55 + 0.6 * clouds, 0, 1)
    veins = presence * np.exp(-np.abs(large) / 0.045)
    hairs = (1 - presence) * np.exp(-np.abs(fine) / 0.02)
    shade = 1 + 0.018 * clouds - 0.30 * veins - 0.14 * hairs + 0.006 * _noise(27, 1, 1)
    return _painted("#EFEDEA", shade, -3 * veins)


def _concrete() -> Rgb:
    """Cast concrete: stains of every size, fine sand and a few air holes."""
    stains = 0.030 * _noise(31, 130, 110) + 0.022 * _noise(32, 40, 40) + 0.014 * _noise(33, 10, 10)
    sand = 0.022 * _noise(34, 0.9, 0.9)
    holes = np.clip(_noise(35, 3.2, 3.2) - 3.0, 0, 0.5)
    return _painted("#A6A5A1", 1 + stains + sand - 0.7 * holes, 1.5 * _noise(36, 90, 90))


def _linen() -> Rgb:
    """Plain weave: threads over and under, uneven in thickness."""
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    threads = 128
    warp = np.sin(2 * np.pi * threads * column / SIDE + 0.5 * _noise(41, 2, 50))
    weft = np.sin(2 * np.pi * threads * row / SIDE + 0.5 * _noise(42, 50, 2))
    over = np.sin(np.pi * threads * column / SIDE) * np.sin(np.pi * threads * row / SIDE) > 0
    slubs = _noise(43, 2.5, 70) + _noise(44, 70, 2.5)
    shade = 1 + 0.05 * np.where(over, warp, weft) + 0.014 * slubs + 0.015 * _noise(45, 0.8, 0.8)
    return _painted("#D8CDB8", shade, 0.6 * slubs)


def _tile() -> Rgb:
    """Ceramic squares, four by four, with grout between and a worn bevel."""
    count, rng = 4, np.random.default_rng(51)
    side = SIDE // count
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    square = (row // side) * count + column // side
    inside = np.minimum.reduce(
        [row % side, side - 1 - row % side, column % side, side - 1 - column % side]
    )
    glaze = 1 + rng.normal(0, 0.018, count * count)[square] + 0.012 * _noise(52, 60, 60)
    bevel = -0.10 * np.exp(-(((inside - 5) / 3.0) ** 2))
    face = _painted("#E2DFD8", glaze + bevel + 0.004 * _noise(53, 1, 1))
    grout = _painted("#A8A39A", 1 + 0.05 * _noise(54, 1.2, 1.2))
    return np.where((inside < 4)[..., np.newaxis], grout, face)


_PATTERNS: Final[dict[str, Callable[[], Rgb]]] = {
    "oak": lambda: _planks(MATERIALS["oak"]),
    "walnut": lambda: _planks(MATERIALS["walnut"]),
    "herringbone": lambda: _herringbone(MATERIALS["oak"]),
    "brick": _brick,
    "terrazzo": _terrazzo,
    "marble": _marble,
    "concrete": _concrete,
    "linen": _linen,
    "tile": _tile,
}

# What the square of a pattern is in a room: metres across and along. A board is 15 centimetres wide
# and a metre and a half long, a tile 45 centimetres, a brick as long as three are high.
METRES: Final[dict[str, tuple[float, float]]] = {
    "oak": (1.2, 3.0),
    "walnut": (1.2, 3.0),
    "herringbone": (2.0, 2.0),
    "brick": (0.96, 1.2),
    "terrazzo": (1.1, 1.1),
    "marble": (2.6, 2.6),
    "concrete": (3.0, 3.0),
    "linen": (1.0, 1.0),
    "tile": (1.8, 1.8),
}
