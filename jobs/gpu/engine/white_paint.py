"""How bright and of which colour white paint would look on a surface of a photo.

Nobody can tell a white wall in little light from a gray one in much; so guesses are weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.view import shrunk
from jobs.presets import canonical

LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Of OpenCV's RGB2GRAY (BT.601)."""
# Weights of linear primaries, Rec. ITU-R BT.709-6, §3.
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)

# Reflectance of white paint, and of nothing more than that: new plaster, paper.
_WHITE_PAINT: Final = 0.80
_WHITEST: Final = 0.92
# No room is shown with less light than this share of a studio's, or a new wall would look black.
_DIMMEST: Final = 0.35
_WHITE_SIDE: Final = 256
_NEAR: Final = 25
_LAMP: Final = 0.93
_BLOOM: Final = 7
_PALE: Final = (0.22, 0.02)
_LEAST_POOL: Final = 60
_STUDIO: Final = 0.5
# So much of full light is taken for full light.
_ENOUGH: Final = 0.9
WARES: Final = frozenset(
    {"body", "product", "background", "label_text", "logo", "gloss", "parts", "accessories"}
)
"""What is shown in the very colour that is asked for."""
# How pale surfaces mostly are, and how far (in natural logarithms) that is to be doubted.
_USUAL: Final = {"ceiling": (0.7, 0.35), "wall": (0.55, 0.5), "floor": (0.3, 0.7)}
_ANYTHING: Final = (0.4, 1.0)
_POOL_DOUBT: Final = 0.45
_BELIEVED: Final = 0.5
_COLOURED: Final = 0.5

# Limits of the light's colour.
_TINT: Final = (0.8, 1.2)


class Surface(Protocol):
    """A part of the photo: its mask (HxW, of the photo or its view, not empty) and its concept."""

    @property
    def concept(self) -> str: ...

    @property
    def weight(self) -> Mask: ...


class WhitePaint:
    """White paint in one photo, of which the view (HxWx3) is given, and its ceiling if it has
    one."""

    def __init__(self, seen: Rgb, ceiling: Mask | None = None) -> None:
        self._seen = seen
        self._ceiling = ceiling

    def on(self, surface: Surface) -> tuple[float, Floats]:
        """The linear luminance of white paint lit like a surface, over that in full light
        (0.35-1), and the light's colour as coded factors around 1 (3).

        Nobody can tell a white wall in little light from a gray one in much. So two guesses are
        weighed: that the palest neutral things about the surface are white, and that the surface
        is as pale as such surfaces mostly are. The further they lie apart, the less weight has the
        second: walls may be black. Wares are shown in the colour that is asked for, and so is what
        stands in a studio, before a burnt-out sheet.
        """
        look = self._small
        inside = reduced(surface.weight, look.luminance.shape) > 127
        if canonical(surface.concept) in WARES or not inside.any():
            return 1.0, np.ones(3, np.float32)
        side = np.ones((_NEAR, _NEAR), np.uint8)
        near = cv2.dilate(inside.astype(np.uint8), side) > 0
        around = near & ~inside
        if around.any() and float(look.burnt[around].mean()) > _STUDIO:
            return 1.0, np.ones(3, np.float32)
        pool = look.luminance[near & look.pale & ~look.burnt]
        rest = look.luminance[~look.burnt]
        if pool.size > _LEAST_POOL:
            white = float(np.percentile(pool, 92))
        elif rest.size:
            white = float(np.percentile(rest, 97))
        else:
            return 1.0, np.ones(3, np.float32)
        own = look.luminance[inside]
        white = max(white, float(np.percentile(own, 75)) / _WHITEST) / _WHITE_PAINT
        usual, doubt = _USUAL.get(canonical(surface.concept), _ANYTHING)
        guess = max(float(np.median(own)), 1e-3) / usual
        apart = np.log(guess / white)
        trust = 1 / (doubt**2 * (1 + (apart / (3 * doubt)) ** 2))
        share = trust / (trust + 1 / _POOL_DOUBT**2)
        white *= np.exp(share * apart) / _ENOUGH
        return float(np.clip(white, _DIMMEST, 1.0)), self._colour

    @cached_property
    def _colour(self) -> Floats:
        """The colour of the light: what pale things and the ceiling, which mostly is white, have
        in common. Half of it is believed."""
        look = self._small
        votes = []
        pale = look.pale & ~look.burnt
        if pale.sum() > _LEAST_POOL:
            # The palest are white; the others may be beige.
            pale &= look.luminance >= np.percentile(look.luminance[pale], 85)
            votes.append(look.rgb[pale].mean(axis=0))
        if self._ceiling is not None:
            ceiling = (reduced(self._ceiling, look.pale.shape) > 127) & ~look.burnt
            if ceiling.sum() > _LEAST_POOL:
                middle = np.median(look.rgb[ceiling], axis=0)
                # Wood is no white ceiling in warm light.
                if middle.min() > (1 - _COLOURED) * middle.max():
                    votes.append(middle)
        colour = np.ones(3)
        for vote in votes:
            colour *= (vote / max(float(vote @ LUMA), 1e-3)) ** (_BELIEVED / len(votes))
        return np.clip(colour / float(colour @ LUMA), *_TINT).astype(np.float32)

    @cached_property
    def _small(self) -> _Look:
        rgb = shrunk(self._seen, _WHITE_SIDE).astype(np.float32) * np.float32(1 / 255)
        luminance = np.asarray(_linear(rgb) @ _LUMINANCE, np.float32)
        most, least = rgb.max(axis=2), rgb.min(axis=2)
        pale = (most - least) < _PALE[0] * most + _PALE[1]
        bloom = np.ones((_BLOOM, _BLOOM), np.uint8)
        burnt = cv2.dilate((luminance > _LAMP).astype(np.uint8), bloom) > 0
        return _Look(rgb, luminance, pale, np.asarray(burnt, np.bool_))


@dataclass(frozen=True)
class _Look:
    """rgb: h x w x 3, coded, 0-1. luminance: h x w, linear, 0-1. pale: nearly without colour.
    burnt: windows and lamps with their bloom."""

    rgb: Floats
    luminance: Floats
    pale: BoolMask
    burnt: BoolMask


def _linear(coded: Floats) -> Floats:
    # The transfer function of sRGB, IEC 61966-2-1.
    low = coded <= 0.04045
    return np.where(low, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def reduced(weight: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask of the photo at a reduced size; of a large one only every nth pixel is looked at."""
    step = max(1, min(weight.shape[0] // (2 * shape[0]), weight.shape[1] // (2 * shape[1])))
    thinned = np.ascontiguousarray(weight[step // 2 :: step, step // 2 :: step])
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(thinned, size, interpolation=cv2.INTER_AREA), np.uint8)
