"""Which part of a thing is the person who wears or holds it.

A thing is shown worn: skin and brown hair are then part of what stands out, and may even be joined
to a paint near to them, the red of a dress or the black of trousers. Skin of all tones lies in one
narrow range of hue, and once lightness is taken out also of colour; leather, wood and copper lie
beside it or reach into it, so that a paint is only parted where both parts differ clearly.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Rgb
from jobs.gpu.engine.colour_hills import Labels
from jobs.gpu.engine.lab import to_lab

# Degrees of hue in the plane of a* and b*, and chroma as it would be at L* = 42.
_HUE: Final = (28.0, 60.0)
_CHROMA: Final = (11.0, 34.0)
# In the shade skin is more saturated: so much more, from one lightness down to another.
_SHADED_CHROMA: Final = 30.0
_SHADE_FROM, _SHADE_AT = 45.0, 15.0
# A paint is skin when so much of it is; parted when its skin covers this share of the thing and
# lies this far from the rest in colour: the shade of a warm white looks like skin, too.
_IS_SKIN: Final = 0.5
_LEAST: Final = 0.02
_APART: Final = 20.0
_ROUNDED: Final = 9


def parted(rgb: Rgb, features: Floats, labels: Labels) -> tuple[Labels, int | None]:
    """Paints (hxw numbers, -1 for none) of a picture (hxwx3) with skin as a paint of its own, and
    the number of that, None when there is none.

    features: hxwx3, the colours by which `paints` tells them.
    """
    skin = _like_skin(rgb) & (labels >= 0)
    least = _LEAST * max(int((labels >= 0).sum()), 1)
    if float(skin.sum()) < least:
        return labels, None
    labels = labels.copy()
    bare = int(labels.max()) + 1
    for number in range(bare):
        paint = labels == number
        part = paint & skin
        amount, rest = int(part.sum()), int(paint.sum()) - int(part.sum())
        if amount and amount >= _IS_SKIN * (amount + rest):
            labels[paint] = bare
        elif amount >= least and rest >= least:
            apart = features[part].mean(axis=0) - features[paint & ~skin].mean(axis=0)
            if float(np.hypot(apart[1], apart[2])) > _APART:
                labels[part] = bare
    return labels, bare if bool((labels == bare).any()) else None


def _like_skin(rgb: Rgb) -> BoolMask:
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0), np.uint8)
    lightness, a, b = cv2.split(to_lab(smooth))
    chroma, hue = cv2.cartToPolar(a, b, angleInDegrees=True)
    relative = chroma * (np.float32(60) / (lightness + np.float32(18)))
    shade = np.clip((_SHADE_FROM - lightness) / (_SHADE_FROM - _SHADE_AT), 0, 1)
    most = _CHROMA[1] + _SHADED_CHROMA * shade
    alike = (hue > _HUE[0]) & (hue < _HUE[1]) & (relative > _CHROMA[0]) & (relative < most)
    rounded = cv2.medianBlur(alike.astype(np.uint8), _ROUNDED)
    return np.asarray(rounded > 0, np.bool_)
