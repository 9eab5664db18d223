"""The main product of a photo: what the salient-object network U2-Netp says, and the backdrop.

Qin et al., "U2-Net: Going deeper with nested U-structure for salient object detection", 2020. The
network sees 320 pixels a side. So it looks twice, the second time only at what it found; and where
the product stands before a plain backdrop, that backdrop's colour decides what the network leaves
open: the hole of a handle, a strap, the leg of a chair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.backdrop import backdrop_of
from jobs.gpu.engine.consensus import spread
from jobs.gpu.engine.segmenters.outline import enlarged, working_copy
from jobs.gpu.engine.segmenters.weights import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    U2NETP,
    answer_of,
    load_session,
)

_SIDE: Final = 320
_MEAN: Final = np.array(IMAGENET_MEAN, np.float32)
_DEVIATION: Final = np.array(IMAGENET_DEVIATION, np.float32)

# Below this the network has seen nothing that stands out; stretching would invent an object.
_LEAST_SALIENCE: Final = 0.5
_LEAST_AREA: Final = 0.002
# On a shop shelf or a brick wall the network is moderately sure of a little of everything.
_LEAST_DECIDED: Final = 0.4
_SURELY_SALIENT: Final = 0.7
_SURELY_NOT: Final = 0.08

# The second look: at a window with this margin, if that is small enough to show more.
_MARGIN: Final = 0.12
_LARGEST_WINDOW: Final = 0.7
_SECOND_COUNTS: Final = 0.6

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


@dataclass(frozen=True)
class FoundBody:
    """mask: HxW. score: 0-1, how much of what the network saw at all it is sure of."""

    mask: Mask
    score: float


def find_body(rgb: Rgb) -> FoundBody | None:
    """The salient object of a picture (HxWx3), or None when nothing stands out.

    Raises ModelError when the network cannot run.
    """
    first = _salience(rgb)
    if float(first.max()) < _LEAST_SALIENCE:
        return None
    decided = float((first > _SURELY_SALIENT).sum()) / float((first > _SURELY_NOT).sum())
    if decided < _LEAST_DECIDED:
        return None
    picture = working_copy(rgb)
    salience = _second_look(picture, first)
    likely = _by_backdrop(picture, salience)
    body = _outlined(picture, likely)
    if float(body.mean()) < _LEAST_AREA:
        return None
    mask = enlarged(body.astype(np.uint8) * np.uint8(255), rgb.shape)
    return FoundBody(mask, round(decided, 3))


def _outlined(picture: Rgb, likely: Floats) -> BoolMask:
    """Where the product is (HxW), with its outline where the picture has one."""
    height, width = likely.shape
    scale = min(1.0, _EVIDENCE_SIDE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    guide = cv2.cvtColor(cv2.bilateralFilter(small, *_CALM), cv2.COLOR_RGB2LAB)
    reduced = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_AREA), np.float32)
    agreed = spread(reduced[..., np.newaxis], guide.astype(np.float32), _SPREAD, _STEP)
    return np.asarray(_resized(agreed[..., 0], (width, height)) > 0.5, np.bool_)


def _second_look(picture: Rgb, first: Floats) -> Floats:
    """The network's answer at the size of a picture, looked at more closely where something is."""
    height, width = picture.shape[:2]
    salience = _resized(first, (width, height))
    seen = np.asarray(salience > 0.3, np.bool_)
    rows, columns = _with_margin(seen, 1), _with_margin(seen, 0)
    window = np.ascontiguousarray(picture[rows, columns])
    if window.shape[0] * window.shape[1] > _LARGEST_WINDOW * height * width:
        return salience
    closer = _resized(_salience(window), (window.shape[1], window.shape[0]))
    part = salience[rows, columns]
    salience[rows, columns] = part + np.float32(_SECOND_COUNTS) * (closer - part)
    return salience


def _with_margin(seen: BoolMask, axis: int) -> slice:
    present = np.asarray(seen.any(axis=axis))
    used = np.flatnonzero(present)
    first, last = int(used[0]), int(used[-1]) + 1
    margin = round(_MARGIN * (last - first)) + 8
    return slice(max(0, first - margin), min(len(present), last + margin))


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
    return _resized((1 / (1 + np.exp(-logit))).astype(np.float32), (width, height))


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _salience(rgb: Rgb) -> Floats:
    """The network's answer, 320x320, 0-1."""
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    scaled = small / max(float(small.max()), 1e-6)
    batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    answer = answer_of(load_session(U2NETP), batch, "salient-object model")
    return np.asarray(answer[0, 0], np.float32)
