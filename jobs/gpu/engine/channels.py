"""Sums over the channels of a picture; NumPy takes twenty times as long over so short an axis."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats


def summed(picture: NDArray[Any]) -> Floats:
    """The sum of the channels of a picture (HxWx3, single precision), HxW."""
    return np.asarray(cv2.transform(picture, np.ones((1, 3), np.float32)), np.float32)
