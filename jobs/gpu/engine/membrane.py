"""A smooth surface through what is known of a picture.

Pull-push: Gortler et al., "The lumigraph", 1996.
"""

from __future__ import annotations

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats


def membrane(values: Floats, known: BoolMask) -> Floats:
    """Values (HxWx3) as they are where known (HxW), and continued smoothly where not.

    Shrink the known ones, fill the small picture, enlarge it.
    """
    weight = known.astype(np.float32)
    height, width = weight.shape
    if weight.all() or max(height, width) <= 2:
        mean = (values * weight[..., np.newaxis]).sum(axis=(0, 1)) / max(float(weight.sum()), 1.0)
        return np.where(known[..., np.newaxis], values, mean).astype(np.float32)
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    total = cv2.resize(values * weight[..., np.newaxis], half, interpolation=cv2.INTER_AREA)
    amount = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    coarse = np.asarray(total / np.maximum(amount, 1e-6)[..., np.newaxis], np.float32)
    coarse = membrane(coarse, amount > 0)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., np.newaxis], values, enlarged).astype(np.float32)
