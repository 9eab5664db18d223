"""The corner in which two surfaces of a room meet is a few straight lines.

A mask that was found pixel by pixel wanders about such a corner; painted, every tooth shows. The
border is cut into few straight pieces by dynamic programming, and each piece is slid to where the
picture changes most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.channels import summed
from jobs.gpu.engine.perspective import Line

Numbers = NDArray[np.float64]

# Shares of the picture's width: what a border must span, what may be missing in it, and the least
# piece.
_LEAST_RUN: Final = 0.06
_GAP: Final = 1 / 50
_LEAST_PIECE: Final = 0.04
_MOST_PIECES: Final = 18
# Shares of its height: a step that ends a border, how far a tooth counts, how far off a border may
# be to be drawn anew, how far a piece is slid.
_STEP: Final = 0.12
_TOOTH: Final = 0.04
_REACH: Final = 0.09
_SLIDE: Final = 1 / 50
# What one piece more must save: the mean distance to the border, a share of the height.
_PRICE: Final = 0.0012
_ROUNDS: Final = 5
_SCALE: Final = 2.5
# Colour differences (8-bit steps of L*a*b*) above which an edge is an edge, and what a pixel of
# sliding costs.
_STRONG: Final = 60.0
_FAR: Final = 0.35


@dataclass(frozen=True)
class _Piece:
    """Columns `start` to `stop`, and slope and height of the line there, in pixels."""

    start: float
    stop: float
    slope: float
    offset: float

    def at(self, x: Numbers) -> Numbers:
        return self.slope * x + self.offset

    @property
    def line(self) -> Line:
        start, stop = self.start, self.stop
        return start, self.slope * start + self.offset, stop, self.slope * stop + self.offset


def rise_of(rgb: Rgb) -> Floats:
    """How much a picture (HxWx3) changes from row to row, HxW."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.2)
    change = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(summed(change * change)), np.float32)


def straighten(upper: Mask, lower: Mask, rise: Floats) -> list[Line]:
    """Draw the border under which `lower` follows directly on `upper` (HxW, 0 or 255) straight, in
    place. `rise` is `rise_of` the picture. Nothing but the two surfaces changes hands. Returns the
    lines.
    """
    lines: list[Line] = []
    height, width = upper.shape
    rows = _border(upper > 127, lower > 127)
    for columns in _runs(rows, width, height):
        x, y = columns.astype(np.float64), rows[columns].astype(np.float64)
        pieces = [_slid(piece, rise) for piece in _pieces(x, y, width, height)]
        pieces = _joined(pieces, width)
        wanted = np.full(width, np.nan)
        for piece in pieces:
            inside = np.arange(int(np.ceil(piece.start)), int(piece.stop) + 1)
            inside = inside[(inside >= columns[0]) & (inside <= columns[-1])]
            wanted[inside] = piece.at(inside.astype(np.float64))
        _draw(upper, lower, rows, wanted)
        lines += [piece.line for piece in pieces]
    return lines


def _border(upper: BoolMask, lower: BoolMask) -> NDArray[np.int64]:
    """Per column, the last row of `upper` on which `lower` follows within a few pixels, or -1."""
    if len(upper) < 2:
        return np.full(upper.shape[1], -1)
    near = max(1, len(upper) // 170)
    ends = upper[:-1] & ~upper[1:]
    # A line of pixels between the two belongs to neither.
    follows = np.zeros_like(ends)
    for step in range(1, near + 1):
        follows[: len(ends) - step + 1] |= lower[step:]
    meets = ends & follows
    last = len(meets) - 1 - np.argmax(meets[::-1], axis=0)
    return np.where(meets.any(axis=0), last, -1)


def _runs(rows: NDArray[np.int64], width: int, height: int) -> Iterator[NDArray[np.int64]]:
    columns = np.flatnonzero(rows >= 0)
    if not columns.size:
        return
    apart = np.diff(columns) > max(3, width * _GAP)
    steps = np.abs(np.diff(rows[columns])) > height * _STEP
    for run in np.split(columns, np.flatnonzero(apart | steps) + 1):
        if len(run) >= width * _LEAST_RUN:
            yield run


def _pieces(x: Numbers, y: Numbers, width: int, height: int) -> list[_Piece]:
    """The straight pieces that follow the border best for their number."""
    count = int(np.clip((x[-1] - x[0]) / (width * _LEAST_PIECE), 1, _MOST_PIECES))
    knots = np.linspace(x[0], x[-1] + 1e-6, count + 1)
    starts = np.searchsorted(x, knots)
    cost = np.full(count + 1, np.inf)
    cost[0], before = 0.0, np.zeros(count + 1, np.intp)
    lines: dict[tuple[int, int], tuple[float, float]] = {}
    for stop in range(1, count + 1):
        for start in range(stop):
            part = slice(int(starts[start]), int(starts[stop]))
            if part.stop - part.start < 3:
                continue
            slope, offset, errors = _line(x[part], y[part])
            missed = float(np.minimum(errors, height * _TOOTH).sum()) / (width * height)
            total = cost[start] + missed + _PRICE
            if total < cost[stop]:
                cost[stop], before[stop] = total, start
                lines[start, stop] = (slope, offset)
    if not np.isfinite(cost[count]):
        return []
    pieces: list[_Piece] = []
    stop = count
    while stop > 0:
        start = int(before[stop])
        pieces.insert(0, _Piece(knots[start], knots[stop], *lines[start, stop]))
        stop = start
    return pieces


def _line(x: Numbers, y: Numbers) -> tuple[float, float, Numbers]:
    """Slope, offset and distances: least squares, reweighted against teeth (Cauchy weights)."""
    weights = np.ones_like(x)
    slope = offset = 0.0
    errors = weights
    for _ in range(_ROUNDS):
        total = weights.sum()
        middle_x, middle_y = weights @ x / total, weights @ y / total
        across = x - middle_x
        slope = float((weights * across) @ (y - middle_y) / max((weights * across) @ across, 1e-9))
        offset = float(middle_y - slope * middle_x)
        errors = np.abs(y - slope * x - offset)
        weights = 1 / (1 + (errors / _SCALE) ** 2)
    return slope, offset, errors


def _slid(piece: _Piece, rise: Floats) -> _Piece:
    """The piece, its ends moved up or down to where the picture changes most."""
    height, width = rise.shape
    most = max(2, int(height * _SLIDE))
    x = np.arange(int(np.ceil(piece.start)), int(piece.stop) + 1, 3)
    x = x[x < width]
    if len(x) < 3:
        return piece
    along = (x - x[0]) / (x[-1] - x[0])
    moves = np.arange(-most, most + 1)
    left, right = (grid.ravel()[:, np.newaxis] for grid in np.meshgrid(moves, moves))
    y = piece.at(x.astype(np.float64)) + left * (1 - along) + right * along
    seen = rise[np.clip(np.rint(y).astype(np.intp), 0, height - 1), x]
    score = np.minimum(seen, _STRONG).mean(axis=1) - _FAR * (np.abs(left) + np.abs(right))[:, 0]
    best = y[int(score.argmax())]
    slope = (best[-1] - best[0]) / (x[-1] - x[0])
    return _Piece(piece.start, piece.stop, float(slope), float(best[0] - slope * x[0]))


def _joined(pieces: list[_Piece], width: int) -> list[_Piece]:
    """Neighbours end where they cross, when that is near where they were cut."""
    joined = list(pieces)
    for index in range(len(joined) - 1):
        one, next_one = joined[index], joined[index + 1]
        if abs(one.slope - next_one.slope) < 1e-3:
            continue
        cross = (next_one.offset - one.offset) / (one.slope - next_one.slope)
        if abs(cross - one.stop) < width * _LEAST_PIECE and one.start < cross < next_one.stop:
            joined[index] = _Piece(one.start, cross, one.slope, one.offset)
            joined[index + 1] = _Piece(cross, next_one.stop, next_one.slope, next_one.offset)
    return joined


def _draw(upper: Mask, lower: Mask, rows: NDArray[np.int64], wanted: Numbers) -> None:
    height = len(upper)
    reach = max(2, int(height * _REACH))
    columns = np.flatnonzero(np.isfinite(wanted))
    near = columns[(rows[columns] < 0) | (np.abs(wanted[columns] - rows[columns]) <= reach)]
    if not near.size:
        return
    line = wanted[near]
    y = np.rint(line).astype(np.intp) + np.arange(-reach, reach + 1)[:, np.newaxis]
    inside = (y >= 0) & (y < height)
    at = np.clip(y, 0, height - 1), np.broadcast_to(near, y.shape)
    both = np.maximum(upper[at], lower[at])
    above = np.clip(line - y + 0.5, 0, 1)
    share = np.rint(both * above).astype(np.uint8)
    upper[at] = np.where(inside, share, upper[at])
    lower[at] = np.where(inside, both - share, lower[at])
