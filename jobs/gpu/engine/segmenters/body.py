"""The main product of a photo: what the salient-object network says, and the backdrop.

The network looks several times (`looks.py`); and where the product stands before a plain backdrop,
that backdrop's colour decides what the network leaves open: the hole of a handle, a strap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.backdrop import backdrop_of
from jobs.gpu.engine.consensus import spread
from jobs.gpu.engine.segmenters.contour import fitted
from jobs.gpu.engine.segmenters.likeness import like_backdrop
from jobs.gpu.engine.segmenters.looks import doubt_of, first_look, look_closer
from jobs.gpu.engine.segmenters.outline import enlarged, resized, working_copy
from jobs.gpu.engine.segmenters.thin_parts import joined, ridges, sure_and_thin

# Below this the network has seen nothing that stands out; stretching would invent an object.
_LEAST_SALIENCE: Final = 0.5
_LEAST_AREA: Final = 0.002
# On a shop shelf or a brick wall the network is moderately sure of a little of everything.
_LEAST_DECIDED: Final = 0.4
_SURELY_SALIENT: Final = 0.7
_SURELY_NOT: Final = 0.08
# Looks that contradict each other this much are of a scene, and would make rags of it: the doubt of
# all pixels, as a share of what is seen.
_MOST_DOUBT: Final = 0.18

# The backdrop's word, in logits: it overrules a doubt of the network, hardly its conviction. A
# white sole on a white sheet is as like the backdrop as the hole of a handle.
_EVIDENCE_SIDE: Final = 512
_FULL_CONVICTION: Final = 0.995
_LIKE_BACKDROP: Final = -3.6
_CONVINCED_FROM, _CONVINCED_AT = 0.88, 0.98
_LEFT_WHEN_CONVINCED: Final = 0.3
_UNLIKE_BACKDROP: Final = 2.6
# How widely the answer spreads within a colour, see `consensus.spread`, and what is grain there.
_SPREAD: Final = 200.0
_STEP: Final = 3.0
_CALM: Final = (5, 6.0, 2.0)
# What the looks are so sure of is not outvoted; how sure that leaves it, as with a faint thin part.
_NOT_OUTVOTED: Final = 0.9
_HARDLY, _THIN_PART = 0.51, 0.75
_ROUNDED: Final = 7
# Parts and holes up to this share of the product go or close when the looks were in doubt.
_SMALL: Final = 0.05
_SURE_PART: Final = 0.75
_SURE_HOLE: Final = 0.3
# From this look on a colour is the thing's. So much of a hole's colours behind it and one sees
# through; not through specks of less than this share of the product.
_SURE_THING: Final = 0.9
_SEEN_THROUGH: Final = 0.9
_SPECK: Final = 0.001


@dataclass(frozen=True)
class FoundBody:
    """mask: HxW. score: 0-1, how much of what the network saw at all it is sure of."""

    mask: Mask
    score: float


def find_body(rgb: Rgb) -> FoundBody | None:
    """The salient object of a picture (HxWx3), or None when nothing stands out.

    Raises ModelError when the network cannot run.
    """
    first = first_look(rgb)
    if float(first.max()) < _LEAST_SALIENCE:
        return None
    decided = float((first > _SURELY_SALIENT).sum()) / float((first > _SURELY_NOT).sum())
    if decided < _LEAST_DECIDED:
        return None
    picture = working_copy(rgb)
    likely = _by_backdrop(picture, look_closer(picture, first))
    if doubt_of(likely) > _MOST_DOUBT:
        return None
    body = _outlined(picture, likely)
    if float(body.mean()) < _LEAST_AREA:
        return None
    mask = enlarged(fitted(picture, body, likely), rgb.shape)
    return FoundBody(mask, round(decided, 3))


def _outlined(picture: Rgb, likely: Floats) -> BoolMask:
    """Where the product is (HxW), with its outline where the picture has one."""
    height, width = likely.shape
    scale = min(1.0, _EVIDENCE_SIDE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    guide = cv2.cvtColor(cv2.bilateralFilter(small, *_CALM), cv2.COLOR_RGB2LAB)
    reduced = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_AREA), np.float32)
    agreed = spread(reduced[..., np.newaxis], guide.astype(np.float32), _SPREAD, _STEP)[..., 0]
    agreed[reduced > _NOT_OUTVOTED] = np.maximum(agreed[reduced > _NOT_OUTVOTED], _HARDLY)
    drawn = np.asarray(agreed > 0.5, np.uint8)
    # Teeth along a texture are rounded off; what is thin would go with them.
    smooth = cv2.medianBlur(drawn, _ROUNDED)
    kept = np.asarray(0.5 * (smooth + drawn * agreed), np.float32)
    kept = np.where(sure_and_thin(reduced), np.maximum(reduced, agreed), kept)
    near = cv2.dilate((reduced > _SURELY_NOT).astype(np.uint8), np.ones((9, 9), np.uint8))
    behind = like_backdrop(np.asarray(small, np.uint8), reduced > _SURE_THING, near == 0)
    thin = ridges(reduced, behind)
    kept = np.where(thin, np.maximum(kept, np.float32(_THIN_PART)), kept)
    kept = joined(kept, reduced, thin)
    kept = _whole(kept, reduced, behind)
    return np.asarray(resized(kept, (width, height)) > 0.5, np.bool_)


def _whole(kept: Floats, likely: Floats, behind: Floats | None) -> Floats:
    """The same without specks, and without holes, that the looks were in doubt of; what has the
    colours that are `behind` (0-1) the thing stays a hole."""
    inside = (kept > 0.5).astype(np.uint8)
    for value, near in ((0, 4), (1, 8)):
        part = (inside == value).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=near)
        if count < 3:
            continue
        areas, amount = np.maximum(stats[:, 4], 1), max(int(inside.sum()), 1)
        doubtful = areas < _SMALL * amount
        doubtful[0] = False
        if not doubtful.any():
            continue
        here = doubtful[labels]
        numbers = labels[here]
        sure = np.bincount(numbers, likely[here], count) / areas
        doubtful &= (sure < _SURE_PART) if value else (sure > _SURE_HOLE)
        if not value and behind is not None:
            through = np.bincount(numbers, behind[here], count) / areas
            doubtful &= (through < _SEEN_THROUGH) | (areas < _SPECK * amount)
        kept = np.where(doubtful[labels], np.float32(1 - value), kept)
        inside = (kept > 0.5).astype(np.uint8)
    return np.asarray(kept, np.float32)


def _by_backdrop(picture: Rgb, salience: Floats) -> Floats:
    """How likely each pixel is the product, HxW, by the network and the backdrop together."""
    height, width = salience.shape
    scale = min(1.0, _EVIDENCE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    likely = np.asarray(cv2.resize(salience, size, interpolation=cv2.INTER_AREA), np.float32)
    near = cv2.dilate((likely > _SURELY_NOT).astype(np.uint8), np.ones((9, 9), np.uint8))
    backdrop = backdrop_of(small, near == 0)
    if backdrop is None:
        return salience
    away, noise = backdrop.distance, backdrop.noise
    like = np.clip(1 - away / (2.5 * noise + 4), 0, 1)
    unlike = np.clip((away - 3 * noise - 8) / 15, 0, 1)
    bounded = np.clip(likely, 1 - _FULL_CONVICTION, _FULL_CONVICTION)
    logit = np.log(bounded / (1 - bounded))
    conviction = np.clip((likely - _CONVINCED_FROM) / (_CONVINCED_AT - _CONVINCED_FROM), 0, 1)
    like *= 1 - (1 - _LEFT_WHEN_CONVINCED) * conviction
    logit += backdrop.plain * (_LIKE_BACKDROP * like + _UNLIKE_BACKDROP * unlike)
    return resized((1 / (1 + np.exp(-logit))).astype(np.float32), (width, height))
