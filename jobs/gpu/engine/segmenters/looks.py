"""What the salient-object network U2-Netp says of a photo, from several looks.

Qin et al., "U2-Net: Going deeper with nested U-structure for salient object detection", 2020. It
sees 320 pixels a side, so after the first look it sees only the window of what it found, as it is
and mirrored: what one look misses, the leg of a chair or the far half of a plant, another finds.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb
from jobs.gpu.engine.segmenters.outline import resized
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

# The closer looks: at a window with this margin, if that is small enough to show more.
_SEEN: Final = 0.3
_MARGIN: Final = 0.12
_LARGEST_WINDOW: Final = 0.7
# A look at all of the picture that is so sure needs no other: doubt of all pixels, of what it sees.
_LITTLE_DOUBT: Final = 0.06
# The part of the surest look, beside that of the middle one.
_SUREST_COUNTS: Final = 0.4


def first_look(rgb: Rgb) -> Floats:
    """The network's answer to a picture (HxWx3), 320x320, 0-1.

    Raises ModelError when the network cannot run.
    """
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    scaled = small / max(float(small.max()), 1e-6)
    batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    answer = answer_of(load_session(U2NETP), batch, "salient-object model")
    return np.asarray(answer[0, 0], np.float32)


def look_closer(picture: Rgb, first: Floats) -> Floats:
    """What all looks at a picture (HxWx3) see together, HxW, 0-1, given the first."""
    height, width = picture.shape[:2]
    looks = [resized(first, (width, height))]
    seen = np.asarray(looks[0] > _SEEN, np.bool_)
    if not seen.any():
        return looks[0]
    rows, columns = _with_margin(seen, 1), _with_margin(seen, 0)
    window = np.ascontiguousarray(picture[rows, columns])
    if window.shape[0] * window.shape[1] > _LARGEST_WINDOW * height * width:
        if doubt_of(first) < _LITTLE_DOUBT:
            return looks[0]
        looks.append(_mirrored(picture))
    else:
        for closer in (_direct(window), _mirrored(window)):
            whole = np.zeros((height, width), np.float32)
            whole[rows, columns] = closer
            looks.append(whole)
    stack = np.stack(looks)
    middle = np.median(stack, axis=0).astype(np.float32)
    return np.asarray(middle + _SUREST_COUNTS * (stack.max(axis=0) - middle), np.float32)


def doubt_of(look: Floats) -> float:
    """The doubt of all pixels (0-1), as a share of what is seen."""
    return float(np.minimum(look, 1 - look).sum()) / max(float(look.sum()), 1e-6)


def _direct(rgb: Rgb) -> Floats:
    return resized(first_look(rgb), (rgb.shape[1], rgb.shape[0]))


def _mirrored(rgb: Rgb) -> Floats:
    return np.asarray(_direct(np.ascontiguousarray(rgb[:, ::-1]))[:, ::-1], np.float32)


def _with_margin(seen: BoolMask, axis: int) -> slice:
    present = np.asarray(seen.any(axis=axis))
    used = np.flatnonzero(present)
    first, last = int(used[0]), int(used[-1]) + 1
    margin = round(_MARGIN * (last - first)) + 8
    return slice(max(0, first - margin), min(len(present), last + margin))
