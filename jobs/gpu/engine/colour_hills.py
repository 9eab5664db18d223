"""The hills in a histogram of colours, and which of them a colour belongs to.

Hills are told apart by how deep the valley between them is (Chazal et al., "Persistence-based
clustering in Riemannian manifolds", 2013), so that a paint that fades from light to dark stays
whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats

Labels = NDArray[np.int32]

_BIN: Final = 4.0
# Hills are one when the saddle between them is higher than this part of the lower one.
_PERSISTENCE: Final = 0.55
_TAPS: Final = (0.06, 0.24, 0.40, 0.24, 0.06)


@dataclass(frozen=True)
class Hills:
    """A histogram whose cells know the hill they belong to."""

    origin: Floats
    cells: Labels

    @classmethod
    def of(cls, values: Floats) -> Hills:
        """The hills in the histogram of values, Nx3."""
        origin = np.asarray(values.min(axis=0) - 3 * _BIN, np.float32)
        places = ((values - origin) / _BIN).astype(np.int32)
        shape = tuple(int(side) for side in places.max(axis=0) + 4)
        cells = np.ravel_multi_index(tuple(places.T), shape)
        counts = np.bincount(cells, minlength=int(np.prod(shape)))
        height = counts.reshape(shape).astype(np.float32)
        for axis in range(3):
            height = _smoothed(height, axis)
        return cls(origin, _spread(_climbed(height, len(values)), height.shape))

    def label(self, values: Floats) -> Labels:
        """The hill of each of values, ...x3."""
        places = ((values - self.origin) / np.float32(_BIN)).astype(np.int32)
        for axis, side in enumerate(self.cells.shape):
            np.clip(places[..., axis], 0, side - 1, out=places[..., axis])
        return np.asarray(self.cells[places[..., 0], places[..., 1], places[..., 2]], np.int32)


def _smoothed(height: Floats, axis: int) -> Floats:
    room = [(2, 2) if one == axis else (0, 0) for one in range(3)]
    padded = np.pad(height, room)
    length = height.shape[axis]
    parts = (
        np.float32(tap) * np.take(padded, range(start, start + length), axis)
        for start, tap in enumerate(_TAPS)
    )
    return np.asarray(sum(parts), np.float32)


def _climbed(height: Floats, total: int) -> Labels:
    """The hill of each cell, flat; cells are visited from the highest down."""
    flat = height.ravel()
    order = np.argsort(-flat, kind="stable")
    order = order[flat[order] > 5e-5 * total]
    _, rows, columns = height.shape
    # The cells at the rim of the histogram are empty: no neighbour is out of bounds.
    near = [step for step in product((-1, 0, 1), repeat=3) if step != (0, 0, 0)]
    around = [(z * rows + y) * columns + x for z, y, x in near]
    heights = flat.tolist()
    owner = [-1] * len(heights)
    parent: list[int] = []
    peak: list[float] = []

    def root(hill: int) -> int:
        while parent[hill] != hill:
            hill = parent[hill]
        return hill

    for cell in order.tolist():
        beside = {owner[cell + step] for step in around}
        beside.discard(-1)
        touched = {root(hill) for hill in beside}
        if not touched:
            owner[cell] = len(parent)
            parent.append(len(parent))
            peak.append(heights[cell])
            continue
        highest, *others = sorted(touched, key=lambda hill: (-peak[hill], hill))
        owner[cell] = highest
        for other in others:
            if heights[cell] > _PERSISTENCE * peak[other]:
                parent[other] = highest
    roots = np.array([root(hill) for hill in range(len(parent))] or [0], np.int32)
    compact = np.unique(roots, return_inverse=True)[1]
    owners = np.array(owner, np.int32)
    return np.where(owners >= 0, compact[np.maximum(owners, 0)], -1).astype(np.int32)


def _spread(owner: Labels, shape: tuple[int, ...]) -> Labels:
    """Give every empty cell to the nearest hill: colours between paints, and rare ones."""
    # Nearest by repeated widening, in a fixed order. Around all cells lies an empty one.
    sides = [side + 2 for side in shape]
    cells = np.full(sides, -1, np.int32)
    inner = (slice(1, -1),) * 3
    cells[inner] = owner.reshape(shape)
    flat = cells.reshape(-1)
    near = product((0, -1, 1), repeat=3)
    steps = [(z * sides[1] + y) * sides[2] + x for z, y, x in near]
    while True:
        rim = np.zeros(cells.shape, np.bool_)
        rim[inner] = _grown(cells >= 0)[inner] & (cells[inner] < 0)
        open_cells = np.flatnonzero(rim)
        if not open_cells.size:
            return np.maximum(cells[inner], 0).astype(np.int32)
        fresh = np.full(open_cells.shape, -1, np.int32)
        for step in steps:
            beside = flat[open_cells + step]
            fresh = np.where(fresh < 0, beside, fresh)
        flat[open_cells] = fresh


def _grown(full: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells with one that is full among them and those around them."""
    grown = full.copy()
    for axis in range(3):
        before = grown.copy()
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        grown[tuple(ahead)] |= before[tuple(behind)]
        grown[tuple(behind)] |= before[tuple(ahead)]
    return grown
