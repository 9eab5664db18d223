"""The main product of a photo, by the salient-object network U2-Netp.

Qin et al., "U2-Net: Going deeper with nested U-structure for salient object detection", 2020.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.segmenters.outline import UNSURE, enlarged, settle_borders, working_copy
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
# The network is often unsure of a pale part of an object, rarely of the background.
_SURELY_BODY: Final = 0.7
_SURELY_NOT: Final = 0.08
_BACKGROUND, _BODY = 0, 1


def find_body(rgb: Rgb) -> Mask | None:
    """The salient object as a mask HxW, or None when nothing stands out.

    Raises ModelError when the network cannot run.
    """
    salience = _salience(rgb)
    if float(salience.max()) < _LEAST_SALIENCE:
        return None
    decided = float((salience > _SURELY_BODY).sum()) / float((salience > _SURELY_NOT).sum())
    if decided < _LEAST_DECIDED:
        return None
    picture = working_copy(rgb)
    size = (picture.shape[1], picture.shape[0])
    salience = np.asarray(cv2.resize(salience, size, interpolation=cv2.INTER_LINEAR), np.float32)
    labels = np.full(salience.shape, UNSURE, np.uint8)
    labels[salience > _SURELY_BODY] = _BODY
    labels[salience < _SURELY_NOT] = _BACKGROUND
    body = settle_borders(labels, picture) == _BODY
    if float(body.mean()) < _LEAST_AREA:
        return None
    return enlarged(body.astype(np.uint8) * np.uint8(255), rgb.shape)


def _salience(rgb: Rgb) -> Floats:
    """The network's answer, 320x320, 0-1."""
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    scaled = small / max(float(small.max()), 1e-6)
    batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    answer = answer_of(load_session(U2NETP), batch, "salient-object model")
    return np.asarray(answer[0, 0], np.float32)
