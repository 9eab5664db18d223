"""The light of a room: how bright a white sheet would look where a surface is.

A photo shows reflectance times light, and shows it gamma-coded. Since coding is close to a power,
a product of light stays a product there, and a field of light is a factor for coded colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.coats import evened
from jobs.gpu.engine.colour.space import SRGB, ColourSpace
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.view import shrunk
from jobs.gpu.engine.white_paint import LUMA, WARES, Surface, WhitePaint, reduced
from jobs.presets import canonical

GAMMA: Final = 2.2
_SHADING_SIDE: Final = 512
# Grain and pattern up to this contrast (8-bit steps) are the material's, what is more is light.
_GRAIN: Final = 18.0
_RADIUS: Final = 1 / 64


# Differences of light that a dark paint shows are partly gloss, and fade on a lighter one: powers
# of the gain, and their least.
_UPWARD: Final = (-0.5, 0.4)
_DOWNWARD: Final = (-0.25, 0.7)
# How much of the light's own colour, as it varies over the region, stays, where there
# are several paints hardly any, and its limits.
_KEPT_TINT: Final = 0.6
_KEPT_OF_SEVERAL: Final = 0.15
_TINT: Final = (0.8, 1.2)
_SHOULDER: Final = 225.0
# So far beyond it (8-bit steps) a floor has lost 1 - 1/e of its colour.
_BLEACH: Final = 60.0
# A pale surface keeps its shading: so bright (coded luma) is it where the light on it is strong, a
# percentile, and at least so many times what it would be without.
_BRIGHT: Final = 236.0
_STRONG: Final = 92.0
_LEAST_EXPOSURE: Final = 0.7
# What is so much lighter than its surroundings is a highlight, or a white thing.
_HIGHLIGHT: Final = 1.3
_SOMETHING: Final = 8.0  # 8-bit steps


@dataclass(frozen=True)
class Lit:
    """A colour as the light on a region would show it, at most 512 pixels on the longest side.

    colour: h x w x 3, coded, 0-255. base: h x w, the coded luma of what is there in the photo
    without its detail, 1-255. limit: h x w, what is lighter than this is a highlight. All go on
    beyond the region. gain: the mean of `colour` over that of `base`. there: 3, the mean colour of
    what is there in the photo.
    """

    colour: Floats
    base: Floats
    limit: Floats
    gain: float
    there: Floats

    def in_space(self, space: ColourSpace) -> Lit:
        """The same in the numbers of the photo.

        The mean colours are converted; by how much a place differs from them is a factor in either
        space, to a power where one is coded more steeply.
        """
        if space is SRGB:
            return self
        power = space.steepness
        middle = self.colour.mean(axis=(0, 1))
        shown, there = space.from_srgb(np.stack([middle, self.there]).astype(np.float64))
        factor = self.colour / np.maximum(middle, 1)
        # Of a channel that the colour has nothing of, nothing can be told: there the whole counts.
        whole = (self.colour @ LUMA) / max(float(middle @ LUMA), 1.0)
        factor = np.where(middle > _SOMETHING, factor, whole[..., np.newaxis])
        colour = np.maximum(shown, 0) * np.maximum(factor, 0) ** power
        own = max(float(there @ LUMA), 1.0) / max(float(self.there @ LUMA), 1.0) ** power
        base, limit = (np.clip(field**power * own, 1, 255) for field in (self.base, self.limit))
        return Lit(
            colour.astype(np.float32),
            base.astype(np.float32),
            limit.astype(np.float32),
            self.gain,
            there.astype(np.float32),
        )


class RoomLight:
    """The light in one photo, of which the view (HxWx3) is given, and its ceiling if it has one."""

    def __init__(
        self, seen: Rgb, ceiling: Mask | None = None, watch: Stopwatch | None = None
    ) -> None:
        self._watch = watch or Stopwatch()
        self._reduced = shrunk(seen, _SHADING_SIDE)
        self.white = WhitePaint(self._reduced, ceiling)

    def on(self, surface: Surface, colour: Floats, *, pattern: float = _GRAIN) -> Lit:
        """A coded colour (3, 0-255) in place of what a surface is made of. Contrasts of the old
        material up to `pattern` are not light.

        A self-guided filter (He, Sun and Tang, 2010) over the region alone: what lies beside it, a
        black chair on a pale floor, must not darken the floor around it.
        """
        with self._watch.measure("light"):
            return self._on(surface, colour, pattern)

    def _on(self, surface: Surface, colour: Floats, pattern: float) -> Lit:
        small = self._reduced
        inside = reduced(surface.weight, small.shape).astype(np.float32) * np.float32(1 / 255)
        if not inside.any():
            inside[...] = 1
        radius = max(2, round(max(small.shape) * _RADIUS))
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        mean = max(float((luma * inside).sum() / inside.sum()), 1.0)
        base = np.clip(_smoothed(luma, inside, radius, pattern), 1, 255).astype(np.float32)
        limit = base
        if canonical(surface.concept) in WARES:
            # Gloss has sharp edges, and on small round things they are no light.
            limit = _spread(luma, inside, 3 * radius)
            base = np.minimum(base, limit * np.float32(_HIGHLIGHT))
        dimmed, tint = self.white.on(surface)
        coded = dimmed ** (1 / GAMMA)
        gain = max(float(colour @ LUMA), 1.0) * coded / mean
        upward, downward = (
            float(np.clip(gain**power, least, 1)) for power, least in (_UPWARD, _DOWNWARD)
        )
        concept, kept = canonical(surface.concept), _KEPT_TINT
        coats = evened(base, inside) if concept == "wall" else None
        light = base * np.float32(1 / mean) if coats is None else coats
        if coats is not None or concept in WARES:
            kept = _KEPT_OF_SEVERAL
        light = np.where(light > 1, cv2.pow(light, upward), cv2.pow(light, downward))
        if concept not in WARES:
            light *= _exposure(light, inside, float(colour @ LUMA), coded)
        local = self._tint(small, inside, radius, kept) * (tint * colour * np.float32(coded))
        lit = np.asarray(cv2.multiply(local, cv2.merge([light] * 3)), np.float32)
        if concept == "floor":
            shown = bleached(lit, max(float(colour.max()), _SHOULDER))
        else:
            shown = rolled_off(lit, np.maximum(colour, _SHOULDER))
        limit = np.minimum(limit * np.float32(_HIGHLIGHT), 255)
        there = (small * inside[..., np.newaxis]).sum((0, 1)) / inside.sum()
        return Lit(shown, base, limit, gain, there.astype(np.float32))

    def _tint(self, small: Rgb, inside: Floats, radius: int, kept: float) -> Floats:
        """How the light's colour differs from place to place, h x w x 3, around 1."""
        half = (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))
        pixels = cv2.resize(small, half, interpolation=cv2.INTER_AREA).astype(np.float32)
        within = np.asarray(cv2.resize(inside, half, interpolation=cv2.INTER_AREA), np.float32)
        mean = np.maximum(cv2.mean(cv2.multiply(pixels, cv2.merge([within] * 3)))[:3], 1e-3)
        own = _spread(pixels, within, radius) * (np.float32(within.mean()) / mean)
        own = own.astype(np.float32)
        own /= np.maximum(own @ LUMA, np.float32(1e-3))[..., np.newaxis]
        tint = cv2.pow(np.clip(own, *_TINT), kept)
        return np.asarray(cv2.resize(tint, small.shape[1::-1]), np.float32)


def enlarged(field: Floats, rows: slice, columns: slice, shape: tuple[int, ...]) -> Floats:
    """Some rows and columns of a reduced field (h x w or h x w x C) at the size of the photo."""
    down, across = len(field) / shape[0], field.shape[1] / shape[1]
    # Where the centres of the photo's pixels lie in the field.
    place = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(field, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(large, np.float32)


def rolled_off(coded: Floats, knee: Floats | float) -> Floats:
    """Compress what exceeds `knee` (0-254, coded) towards 255: burnt out softly, as in a photo."""
    room = 255 - np.minimum(knee, 254)
    if not (coded > knee).any():
        return coded
    over = np.maximum(coded - knee, 0) / room
    beyond = knee + room * (1 - cv2.exp(-over.astype(np.float32)))
    return np.where(coded > knee, beyond, coded).astype(np.float32)


def bleached(coded: Floats, knee: float) -> Floats:
    """What exceeds `knee` (0-254, coded, HxWx3) compressed towards white, whatever its hue.

    On a floor it is the sun or the image of a window, and both are white in a photo. Channel by
    channel oak would turn yellow there, since its blue is the last to burn out.
    """
    top = coded.max(axis=2, keepdims=True)
    if not (top > knee).any():
        return coded
    over = np.maximum(top - np.float32(knee), 0)
    room = np.float32(255 - min(knee, 254))
    rolled = np.where(over > 0, knee + room * (1 - np.exp(-over / room)), top)
    own = coded * (rolled / np.maximum(top, 1))
    return np.asarray(rolled + (own - rolled) * np.exp(-over / np.float32(_BLEACH)), np.float32)


def _exposure(light: Floats, inside: Floats, luma: float, coded: float) -> float:
    """A factor for light (h x w, about 1) in which a colour of that luma does not burn out, as
    whoever takes the photo would see to."""
    within = light[inside > 0.5]
    if not within.size:
        return 1.0
    brightest = float(np.percentile(within, _STRONG)) * luma * coded
    wanted = max(_BRIGHT, luma * coded)
    return float(np.clip(wanted / max(brightest, 1.0), _LEAST_EXPOSURE, 1.0))


def _spread(values: Floats, inside: Floats, radius: int) -> Floats:
    """Blurred over the region alone, and continued beyond it."""
    side = (2 * radius + 1, 2 * radius + 1)
    weights = inside if values.ndim == 2 else inside[..., np.newaxis]
    total = cv2.blur(cv2.blur(values * weights, side), side)
    amount = cv2.blur(cv2.blur(inside, side), side)
    overall = (values * weights).sum((0, 1)) / max(float(inside.sum()), 1e-6)
    trust = np.float32(1e-3)
    divisor = amount + trust
    if values.ndim == 3:
        divisor = divisor[..., np.newaxis]
    return np.asarray((total + trust * overall) / divisor, np.float32)


def _smoothed(luma: Floats, inside: Floats, radius: int, grain: float) -> Floats:
    """The region's luma without contrasts below `grain`; edges stronger than that stay sharp."""
    side = (2 * radius + 1, 2 * radius + 1)
    trust = np.float32(1e-3)
    overall = (luma * inside).sum() / max(float(inside.sum()), 1e-6)
    amount = cv2.blur(inside, side) + trust
    mean = (cv2.blur(luma * inside, side) + trust * overall) / amount
    square = (cv2.blur(luma * luma * inside, side) + trust * overall * overall) / amount
    spread = np.maximum(square - mean * mean, 0)
    slope = spread / (spread + np.float32(grain * grain))
    offset = (1 - slope) * mean
    slope = cv2.blur(slope * inside, side) / amount
    offset = (cv2.blur(offset * inside, side) + trust * overall) / amount
    # Beyond the border the picture shows something else: there the light goes on as a blur.
    drawn = slope * luma + offset
    return np.asarray(inside * drawn + (1 - inside) * mean, np.float32)
