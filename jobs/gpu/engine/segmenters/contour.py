"""An outline laid where the picture has one: by the colours on both sides of it, and smooth.

A network that sees 320 pixels a side draws an outline that wanders by some pixels of the working
copy, and whatever follows the picture's edges from there follows needles, seams and grain as well.
So the outline is moved as a whole, along its normals: to where the colours change from those inside
to those outside, by no more than neighbours move. The best of all such ways is found by dynamic
programming (Amini, Weymouth and Jain, "Using dynamic programming for solving variational problems
in vision", 1990); the colours of both sides are normal distributions of a stretch of the outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.lab import to_lab

# Shares of the longest side: how far the outline may move, how much it is smoothed before, half the
# stretch whose colours are taken together.
_REACH: Final = 0.008
_SMOOTH: Final = 0.006
_STRETCH: Final = 0.03
# Pixels of the outline from one normal to the next; over how many normals costs are smoothed, so
# that one needle or one print at the edge is outvoted, and over how many the result.
_STEP: Final = 2
_ALONG: Final = 3.0
_ROUNDED: Final = 1.5
# How many deviations both sides lie apart when their colours say nothing, and when all.
_MIXED, _APART = 1.5, 3.0
# Before a backdrop that the thing is so many deviations away from, what strays so far (a share of
# the longest side) from a smooth line is a leaf or a lace. Parts of such a half width, in reaches,
# have no room for two outlines that move.
_PLAIN: Final = 5.0
_DETAIL: Final = 0.003
_THIN: Final = 1.4
# Outlines shorter than so many times the reach are left as they are.
_SHORTEST: Final = 8
# What the looks say from which on a colour is the thing's, up to which the backdrop's; and how many
# pixels of each it takes.
_SURE, _SURELY_NOT = 0.85, 0.15
_LEAST_KNOWN: Final = 40.0
# Variance (L*a*b*) that any colour has; how much a pixel's colour may say, in logits; and by how
# much that counts, and what the looks say of the pixel.
_GRAIN: Final = 12.0
_MOST_SAID: Final = 2.0
_COLOURS_COUNT: Final = 0.3
_LOOKS_COUNT: Final = 0.1
# In the same measure: an edge of the picture, and the step of colour at which it has half its
# worth; moving by all the reach; a step to the side; and what must not be.
_EDGE_COUNTS: Final = 5.0
_EDGE: Final = 8.0
_FAR: Final = 4.0
_SIDEWAYS: Final = 1.2
_NEVER: Final = 300.0
# By how much a way that leads deeper may lead out again, in pixels a pixel.
_TURN: Final = 0.2
# What OpenCV's remap takes at once.
_MOST_ROWS: Final = 8_000
# Deeper than any reach.
_DEEP: Final = 1e4
# OpenCV draws a smooth polygon so many pixels wider than it is.
_LINE: Final = 0.62


def fitted(picture: Rgb, body: BoolMask, likely: Floats) -> Mask:
    """A mask (HxW, 0-255) of what `body` (HxW) covers of a picture (HxWx3), its outline moved.

    likely: HxW, 0-1, what the looks say of each pixel.
    """
    reach = max(3, round(_REACH * max(body.shape)))
    pad = 2 * reach + 2
    border = (pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    # Beyond the picture things go on as at its rim, so an outline is closed there.
    whole = np.asarray(cv2.copyMakeBorder(body.astype(np.uint8), *border), np.uint8)
    lab = to_lab(np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8))
    lab = np.asarray(cv2.copyMakeBorder(lab, *border), np.float32)
    said = cv2.copyMakeBorder(likely, *border)
    depth = _signed_depth(whole)
    planes = np.dstack([lab, said, depth])
    outlines, tree = cv2.findContours(whole, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    drawn = np.asarray(whole * 255, np.uint8)
    for index, outline in enumerate(outlines):
        if len(outline) < _SHORTEST * reach:
            continue
        hole = bool(tree[0][index][3] >= 0)
        moved = _moved(outline[:, 0].astype(np.float32), planes, reach, _LINE if hole else -_LINE)
        _redraw(drawn, np.asarray(outline, np.int32), moved, hole)
    return np.ascontiguousarray(drawn[pad:-pad, pad:-pad])


def _redraw(drawn: Mask, old: NDArray[np.int32], new: Floats, hole: bool) -> None:
    """What a moved outline changes: more or less of a thing, or of a hole in one."""
    before, after = np.zeros_like(drawn), np.zeros_like(drawn)
    cv2.drawContours(before, [old], -1, 255, cv2.FILLED)
    if hole:  # its outline is drawn on the thing about it
        cv2.drawContours(before, [old], -1, 0, 1)
    cv2.fillPoly(after, [np.rint(new * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    changed = before != after
    drawn[changed] = 255 - after[changed] if hole else after[changed]


def _moved(outline: Floats, planes: Floats, reach: int, wider: float) -> Floats:
    """The points (Nx2) of an outline where the picture has it, and so many pixels wider.

    planes: HxWx5, L*a*b*, what the looks say, and how deep within the thing a pixel is.
    """
    whole = _smoothed(outline, _SMOOTH / _REACH * reach)
    smooth = whole[::_STEP]
    ahead = np.roll(smooth, -1, axis=0) - np.roll(smooth, 1, axis=0)
    length = np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-3)
    normal = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) / length
    offsets = np.arange(-2 * reach, 2 * reach + 1, dtype=np.float32)
    places = smooth[:, np.newaxis] + offsets[np.newaxis, :, np.newaxis] * normal[:, np.newaxis]
    seen = _sampled(planes, np.asarray(places, np.float32))
    if seen[:, :reach, 4].mean() < seen[:, -reach:, 4].mean():
        # Whichever way round OpenCV went, normals lead out of the thing.
        normal, seen = -normal, np.ascontiguousarray(seen[:, ::-1])
    sides = _Sides.of(seen, reach, max(2, round(_STRETCH / _REACH * reach / _STEP)))
    costs = _smoothed(_costs(seen, sides.word, reach), _ALONG)
    chosen = (_cheapest(costs) - reach).astype(np.float32)
    # The thing ends half a pixel before the first that is none of it.
    offset = _smoothed(chosen[:, np.newaxis], _ROUNDED) - 0.5 + wider
    moved = np.asarray(smooth + offset * normal, np.float32)
    strays = np.linalg.norm(outline - whole, axis=1)[::_STEP] > _DETAIL / _REACH * reach
    thin = seen[:, : 2 * reach + 1, 4].max(axis=1) < _THIN * reach
    kept = _widened((strays & sides.plain) | thin, round(reach / _STEP))
    if not kept.any():
        return moved
    ends = np.minimum(np.arange(1, len(smooth) + 1) * _STEP, len(outline))
    parts = [
        outline[index * _STEP : ends[index]] if as_it_was else moved[index : index + 1]
        for index, as_it_was in enumerate(kept)
    ]
    return np.concatenate(parts)


def _widened(here: BoolMask, by: int) -> BoolMask:
    """The same and so many to either side, round the circle."""
    by = min(by, len(here) - 1)
    wide = np.concatenate([here[-by:], here, here[:by]]) if by else here
    near = np.convolve(wide, np.ones(2 * by + 1), "valid") > 0.5
    return np.asarray(near, np.bool_)


def _costs(seen: Floats, word: Floats, reach: int) -> Floats:
    """What it costs to lay the outline at each offset (-reach to reach) of each normal."""
    colour, said, depth = seen[..., :3], seen[..., 3], seen[..., 4]
    bounded = np.clip(said, 0.02, 0.98)
    word = _COLOURS_COUNT * word + _LOOKS_COUNT * np.log(bounded / (1 - bounded))
    middle = word[:, reach : 3 * reach + 1]
    # Offset k: what lies before it is the thing, what comes from it on is not.
    before = np.cumsum(middle, axis=1) - middle
    change = np.linalg.norm(np.diff(colour, axis=1), axis=2)
    change = np.maximum(change[:, :-1], change[:, 1:])[:, reach - 1 : 3 * reach]
    # An outline goes through the last pixels of a thing, so the first beyond are one further.
    moved = (np.arange(-reach, reach + 1, dtype=np.float32) - 1) / reach
    costs = -before - _EDGE_COUNTS * change / (change + _EDGE) + _FAR * moved**2
    # Never through to the other side of a thin part, nor of a gap.
    here = depth[:, reach : 3 * reach + 1]
    costs[:, reach - 1 :: -1][_turned(here[:, reach::-1])] = _NEVER
    costs[:, reach + 1 :][_turned(-here[:, reach:])] = _NEVER
    return np.asarray(costs, np.float32)


def _turned(depth: Floats) -> BoolMask:
    """From where on (NxT) a way (NxT+1) that should lead deeper leads out again."""
    out = np.diff(depth, axis=1) < -_TURN
    return np.asarray(np.logical_or.accumulate(out, axis=1), np.bool_)


@dataclass(frozen=True)
class _Sides:
    """The colours of both sides of an outline of N normals, T pixels each.

    word: NxT, how much more a pixel is like the thing than like what lies beside it, as the
    logarithm of a ratio; 0 where too little is known. plain: N, where the backdrop is so plain
    beside its contrast to the thing that single pixels tell what is thing.
    """

    word: Floats
    plain: BoolMask

    @classmethod
    def of(cls, seen: Floats, reach: int, window: int) -> _Sides:
        """Linear: midway between both a pixel is half one and half the other, and says nothing."""
        colour, said, depth = seen[..., :3], seen[..., 3], seen[..., 4]
        inner = ((said > _SURE) & (depth > reach / 2)).astype(np.float32)
        outer = ((said < _SURELY_NOT) & (depth < -reach / 2)).astype(np.float32)
        (own, own_spread, known), (other, other_spread, known_too) = (
            _distribution(colour, weight, window) for weight in (inner, outer)
        )
        inverse = np.linalg.inv((own_spread + other_spread) / 2 + _GRAIN * np.eye(3))
        way = np.einsum("nij,nj->ni", inverse, own - other).astype(np.float32)
        middle = ((own + other) / 2).astype(np.float32)
        word = ((colour - middle[:, np.newaxis]) * way[:, np.newaxis]).sum(axis=2)
        # Half as far from each other as that would be chance: a seat and its leg before a floor.
        apart = np.sqrt(np.maximum(((own - other) * way).sum(axis=1), 0))
        told = np.clip((apart - _MIXED) / (_APART - _MIXED), 0, 1)
        word *= np.where(known & known_too, told, 0)[:, np.newaxis]
        noise = np.sqrt(np.trace(other_spread, axis1=1, axis2=2) + 1)
        plain = known_too & (np.linalg.norm(own - other, axis=1) > _PLAIN * noise)
        return cls(
            np.clip(word, -_MOST_SAID, _MOST_SAID).astype(np.float32), np.asarray(plain, np.bool_)
        )


def _distribution(
    colour: Floats, weight: Floats, window: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], BoolMask]:
    """Mean (Nx3) and covariance (Nx3x3) of colours (NxTx3) with weights (NxT) within a stretch, and
    whether there were enough of them."""
    first = (colour * weight[..., np.newaxis]).sum(axis=1)
    second = np.einsum("nti,ntj,nt->nij", colour, colour, weight, optimize=True)
    amount = weight.sum(axis=1)[:, np.newaxis]
    total = _around(np.concatenate([amount, first, second.reshape(-1, 9)], axis=1), window)
    scale = np.maximum(total[:, :1], 1.0)
    mean = total[:, 1:4] / scale
    square = (total[:, 4:] / scale).reshape(-1, 3, 3)
    spread = square - mean[:, :, np.newaxis] * mean[:, np.newaxis]
    return mean, spread, np.asarray(total[:, 0] > _LEAST_KNOWN, np.bool_)


def _around(values: NDArray[np.float32], window: int) -> NDArray[np.float64]:
    """The sums of rows (NxC) over a window to either side, round the circle."""
    count = len(values)
    window = min(window, (count - 1) // 2)
    wide = np.concatenate([values[-window:], values, values[:window]]).astype(np.float64)
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(wide, axis=0)])
    return np.asarray(total[2 * window + 1 :] - total[: -2 * window - 1], np.float64)


def _cheapest(costs: Floats) -> NDArray[np.intp]:
    """The column in each row (NxK) of the cheapest way round, a step to the side at most a row."""
    count, width = costs.shape
    total = costs[0].copy()
    came = np.zeros((2 * count, width), np.int8)
    aside = np.float32(_SIDEWAYS)
    ways = np.full((3, width), np.inf, np.float32)
    for turn in range(1, 2 * count):
        ways[0, 1:] = total[:-1] + aside
        ways[1] = total
        ways[2, :-1] = total[1:] + aside
        came[turn] = ways.argmin(axis=0)
        total = ways.min(axis=0) + costs[turn % count]
    column = int(total.argmin())
    chosen = np.zeros(count, np.intp)
    # Of the second time round the middle: neither end of the way has had a say there.
    for turn in range(2 * count - 1, 0, -1):
        if count // 2 <= turn < count // 2 + count:
            chosen[turn % count] = column
        column += int(came[turn, column]) - 1
    return chosen


def _sampled(planes: Floats, places: Floats) -> Floats:
    """Planes (HxWxC) at places (NxTx2)."""
    parts = [
        cv2.remap(
            planes,
            places[start : start + _MOST_ROWS],
            np.empty(0, np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for start in range(0, len(places), _MOST_ROWS)
    ]
    return np.asarray(np.concatenate(parts), np.float32)


def _smoothed(values: Floats, sigma: float) -> Floats:
    """Rows (NxC) smoothed round the circle."""
    margin = min(len(values), int(4 * sigma) + 1)
    wide = np.concatenate([values[-margin:], values, values[:margin]])
    smooth = cv2.GaussianBlur(wide, (1, 2 * margin + 1), sigmaX=1, sigmaY=sigma)
    return np.asarray(smooth.reshape(wide.shape)[margin:-margin], np.float32)


def _signed_depth(whole: Mask) -> Floats:
    """How far each pixel is inside, negative outside."""
    inside = cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_5)
    outside = cv2.distanceTransform(1 - whole, cv2.DIST_L2, cv2.DIST_MASK_5)
    # Of a picture that is all thing OpenCV says it is as deep as numbers go.
    return np.asarray(np.clip(inside - outside, -_DEEP, _DEEP), np.float32)
