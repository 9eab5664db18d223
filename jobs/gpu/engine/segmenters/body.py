"""The main product of a photo, by the salient-object network U2-Netp.

Qin et al., "U2-Net: Going deeper with nested U-structure for salient object detection", 2020.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.segmenters.weights import U2NETP, load_session

_SIDE: Final = 320
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32)

# Below this the network has seen nothing that stands out; stretching would invent an object.
_LEAST_SALIENCE: Final = 0.5
_LEAST_AREA: Final = 0.002


def find_body(rgb: Rgb) -> Mask | None:
    """The salient object as a soft mask HxW, or None when nothing stands out.

    Raises ModelError when the network cannot run.
    """
    salience = _salience(rgb)
    if float(salience.max()) < _LEAST_SALIENCE:
        return None
    # The network is unsure in the middle of large plain objects: what is more likely in than out
    # counts fully, and only the rim stays soft.
    firm = np.clip((salience - 0.25) / 0.5, 0, 1)
    if float((firm > 0.5).mean()) < _LEAST_AREA:
        return None
    height, width = rgb.shape[:2]
    size = (width, height)
    mask = cv2.resize(firm, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(mask * 255), np.uint8)


def _salience(rgb: Rgb) -> Floats:
    """The network's answer, 320x320, 0-1."""
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    scaled = small / max(float(small.max()), 1e-6)
    batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    session = load_session(U2NETP)
    try:
        outputs = session.run(None, {session.get_inputs()[0].name: batch})
    except Exception as error:  # the runtime raises its own, undocumented family
        raise ModelError("the salient-object model could not run") from error
    return np.asarray(outputs[0][0, 0], np.float32)
