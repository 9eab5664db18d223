"""Parts of a paint that are paints of their own by where they are, not by their colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats
from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.light_borders import in_shade_of

# Parts so near to each other in colour, in the steps of `paints`, are one paint: hue, lightness.
_ALIKE: Final = (12.0, 22.0)
# The least share of the thing for a part that touches nothing of its paint, and of a paint that
# parts may be alike.
_LEAST_DETACHED: Final = 0.03
_FEW: Final = 0.3
_OTHER_HUE: Final = 20.0
_LEAST_REST: Final = 0.01
# Around a part, pixels of the larger picture go by their colour.
_SURELY: Final = 0.98
_HARDLY: Final = 0.02


@dataclass(frozen=True)
class Part:
    """where: hxw. paint: the number it was of. inside, beside: 3, its mean colour, and that of what
    lies beside it, as `paints` tells colours. becomes: the number of the paint it is of, if known.
    """

    where: BoolMask
    paint: int
    inside: Floats
    beside: Floats
    becomes: int | None = None


def detached(features: Floats, hills: Labels, groups: Labels) -> Iterator[Part]:
    """Parts of a paint that lie away from its main hill (hxw numbers) and are of another, to which
    the light joined it: the gloss of a balloon is the balloon, a white chair below it is not.

    groups: the paint of each hill.
    """
    total = int((hills >= 0).sum())
    for number in np.unique(groups).tolist():
        members = np.flatnonzero(groups == number)
        sizes = [int((hills == hill).sum()) for hill in members.tolist()]
        if len(sizes) < 2:
            continue
        main = hills == int(members[int(np.argmax(sizes))])
        mean = features[main].mean(axis=0)
        paint = np.isin(hills, members).astype(np.uint8)
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(paint)
        parted: Floats | None = None
        # Large ones tell what else there is; then small ones beside them are known by that.
        for index in (1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable")).tolist():
            area = int(stats[index, cv2.CC_STAT_AREA])
            piece = np.asarray(pieces == index, np.bool_)
            inside = features[piece].mean(axis=0)
            away = _hue_apart(inside, mean)
            if parted is None:
                few = int((piece & main).sum()) < _FEW * area
                if area < _LEAST_DETACHED * total or not few or away < _OTHER_HUE:
                    continue
                parted = inside
            elif _hue_apart(inside, parted) > away:
                continue
            yield Part(piece, number, inside, mean)


def _hue_apart(one: Floats, other: Floats) -> float:
    return float(np.hypot(one[1] - other[1], one[2] - other[2]))


def numbered(parts: Sequence[Part], labels: Labels, features: Floats) -> list[int]:
    """The number of the paint of each part: that of a paint (hxw numbers) or of an earlier part
    that it is alike, or of a paint that it is a shade of; else a new one."""
    hue, light = _ALIKE
    left = labels.copy()
    for part in parts:
        left[part.where] = -1
    least = _LEAST_REST * int((labels >= 0).sum())
    known = [
        (number, features[left == number].mean(axis=0))
        for number in np.unique(left[left >= 0]).tolist()
        if int((left == number).sum()) >= least
    ]
    fresh = int(labels.max()) + 1
    numbers: list[int] = []
    for part in parts:
        if part.becomes is not None:
            numbers.append(part.becomes)
            continue
        alike = fresh
        for number, mean in known:
            gap = part.inside - mean
            if number == part.paint:
                continue
            near = np.hypot(gap[1], gap[2]) < hue and abs(gap[0]) < light
            other = np.asarray(left == number, np.bool_)
            if near or (other.any() and in_shade_of(features, part.where, other)):
                alike = number
                break
        if alike == fresh:
            known.append((fresh, part.inside))
            fresh += 1
        numbers.append(alike)
    return numbers


def rejoined(parts: Sequence[Part], labels: Labels, features: Floats) -> dict[int, int]:
    """The paints (hxw numbers) that turn out to be a shade of another once their parts are taken
    out, and of which: the dark side of a ball, from which black seams were told."""
    left = labels.copy()
    for part in parts:
        left[part.where] = -1
    numbers = [int(number) for number in np.unique(left[left >= 0])]
    found: dict[int, int] = {}
    for number in sorted({part.paint for part in parts} & set(numbers)):
        rest = np.asarray(left == number, np.bool_)
        for other in numbers:
            if other == number or other in found:
                continue
            if in_shade_of(features, rest, np.asarray(left == other, np.bool_)):
                found[number] = other
                break
    return found


def drawn(
    parts: Sequence[Part], numbers: Sequence[int], labels: Labels, features: Floats
) -> Labels:
    """The paints (HxW numbers) of a larger picture (HxWx3 colours) with the parts in it."""
    result = labels.copy()
    size = (labels.shape[1], labels.shape[0])
    for part, number in zip(parts, numbers, strict=True):
        share = cv2.resize(part.where.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        near = cv2.dilate(share, np.ones((5, 5), np.uint8)) > _HARDLY
        rows, columns = np.nonzero(near & (result == part.paint))
        colours = features[rows, columns]
        away = [np.linalg.norm(colours - one, axis=1) for one in (part.inside, part.beside)]
        taken = (away[0] < away[1]) | (share[rows, columns] > _SURELY)
        result[rows[taken], columns[taken]] = number
    return result
