"""One thing found in a photo, where a backend tells several of a kind apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.gpu.engine.arrays import Mask


@dataclass(frozen=True, slots=True)
class Instance:
    """box: left, top, right, bottom as shares (0-1) of the photo's width and height.

    score: 0-1, the backend's own; two backends' scores cannot be compared. colour: of a paint of a
    thing, as #rrggbb; its score is the share of the thing that it covers.
    """

    box: tuple[float, float, float, float]
    score: float
    colour: str | None = None


def box_of(mask: Mask) -> tuple[float, float, float, float]:
    """The box around what is at least half in a mask (HxW); all zero when nothing is."""
    inside = mask >= 128
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return 0.0, 0.0, 0.0, 0.0
    height, width = mask.shape
    return (
        float(columns[0]) / width,
        float(rows[0]) / height,
        float(columns[-1] + 1) / width,
        float(rows[-1] + 1) / height,
    )


def by_score(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """The surest first."""
    return tuple(sorted(instances, key=lambda instance: -instance.score))
