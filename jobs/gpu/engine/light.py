"""The light of a room: how bright a white sheet would look where a surface is.

A photo shows reflectance times light, and shows it gamma-coded. Since coding is close to a power,
a product of light stays a product there, and a field of light is a factor for coded colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.coats import evened
from jobs.gpu.engine.colour.space import SRGB, ColourSpace
from jobs.gpu.engine.stopwatch import Stopwatch
from jobs.gpu.engine.view import shrunk
from jobs.presets import canonical

GAMMA: Final = 2.2
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
_WARES: Final = frozenset(
    {"body", "product", "background", "label_text", "logo", "gloss", "parts", "accessories"}
)
# How pale surfaces mostly are, and how far (in natural logarithms) that is to be doubted.
_USUAL: Final = {"ceiling": (0.7, 0.35), "wall": (0.55, 0.5), "floor": (0.3, 0.7)}
_ANYTHING: Final = (0.4, 1.0)
_POOL_DOUBT: Final = 0.45
_BELIEVED: Final = 0.5
_COLOURED: Final = 0.5

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
# What is so much lighter than its surroundings is a highlight, or a white thing.
_HIGHLIGHT: Final = 1.3
_SOMETHING: Final = 8.0  # 8-bit steps
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # of OpenCV's RGB2GRAY (BT.601)


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
        whole = (self.colour @ _LUMA) / max(float(middle @ _LUMA), 1.0)
        factor = np.where(middle > _SOMETHING, factor, whole[..., np.newaxis])
        colour = np.maximum(shown, 0) * np.maximum(factor, 0) ** power
        own = max(float(there @ _LUMA), 1.0) / max(float(self.there @ _LUMA), 1.0) ** power
        base, limit = (np.clip(field**power * own, 1, 255) for field in (self.base, self.limit))
        return Lit(
            colour.astype(np.float32),
            base.astype(np.float32),
            limit.astype(np.float32),
            self.gain,
            there.astype(np.float32),
        )


class Surface(Protocol):
    """A part of the photo: its mask (HxW, of the photo or its view, not empty) and its concept."""

    @property
    def concept(self) -> str: ...

    @property
    def weight(self) -> Mask: ...


class RoomLight:
    """The light in one photo, of which the view (HxWx3) is given, and its ceiling if it has one."""

    def __init__(
        self, seen: Rgb, ceiling: Mask | None = None, watch: Stopwatch | None = None
    ) -> None:
        self._watch = watch or Stopwatch()
        self._seen = seen
        self._ceiling = ceiling

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
        inside = _reduced(surface.weight, small.shape).astype(np.float32) * np.float32(1 / 255)
        if not inside.any():
            inside[...] = 1
        radius = max(2, round(max(small.shape) * _RADIUS))
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        mean = max(float((luma * inside).sum() / inside.sum()), 1.0)
        base = np.clip(_smoothed(luma, inside, radius, pattern), 1, 255).astype(np.float32)
        limit = base
        if canonical(surface.concept) in _WARES:
            # Gloss has sharp edges, and on small round things they are no light.
            limit = _spread(luma, inside, 3 * radius)
            base = np.minimum(base, limit * np.float32(_HIGHLIGHT))
        dimmed, tint = self.white_on(surface)
        coded = dimmed ** (1 / GAMMA)
        gain = max(float(colour @ _LUMA), 1.0) * coded / mean
        upward, downward = (
            float(np.clip(gain**power, least, 1)) for power, least in (_UPWARD, _DOWNWARD)
        )
        concept, kept = canonical(surface.concept), _KEPT_TINT
        coats = evened(base, inside) if concept == "wall" else None
        light = base * np.float32(1 / mean) if coats is None else coats
        if coats is not None or concept in _WARES:
            kept = _KEPT_OF_SEVERAL
        light = np.where(light > 1, cv2.pow(light, upward), cv2.pow(light, downward))
        local = self._tint(small, inside, radius, kept) * (tint * colour * np.float32(coded))
        lit = cv2.multiply(local, cv2.merge([light] * 3))
        shown = rolled_off(np.asarray(lit, np.float32), np.maximum(colour, _SHOULDER))
        limit = np.minimum(limit * np.float32(_HIGHLIGHT), 255)
        there = (small * inside[..., np.newaxis]).sum((0, 1)) / inside.sum()
        return Lit(shown, base, limit, gain, there.astype(np.float32))

    def white_on(self, surface: Surface) -> tuple[float, Floats]:
        """The linear luminance of white paint lit like a surface, over that in full light
        (0.35-1), and the light's colour as coded factors around 1 (3).

        Nobody can tell a white wall in little light from a gray one in much. So two guesses are
        weighed: that the palest neutral things about the surface are white, and that the surface
        is as pale as such surfaces mostly are. The further they lie apart, the less weight has the
        second: walls may be black. Wares are shown in the colour that is asked for, and so is what
        stands in a studio, before a burnt-out sheet.
        """
        look = self._small
        inside = _reduced(surface.weight, look.luminance.shape) > 127
        if canonical(surface.concept) in _WARES or not inside.any():
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
            ceiling = (_reduced(self._ceiling, look.pale.shape) > 127) & ~look.burnt
            if ceiling.sum() > _LEAST_POOL:
                middle = np.median(look.rgb[ceiling], axis=0)
                # Wood is no white ceiling in warm light.
                if middle.min() > (1 - _COLOURED) * middle.max():
                    votes.append(middle)
        colour = np.ones(3)
        for vote in votes:
            colour *= (vote / max(float(vote @ _LUMA), 1e-3)) ** (_BELIEVED / len(votes))
        return np.clip(colour / float(colour @ _LUMA), *_TINT).astype(np.float32)

    def _tint(self, small: Rgb, inside: Floats, radius: int, kept: float) -> Floats:
        """How the light's colour differs from place to place, h x w x 3, around 1."""
        half = (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))
        pixels = cv2.resize(small, half, interpolation=cv2.INTER_AREA).astype(np.float32)
        within = np.asarray(cv2.resize(inside, half, interpolation=cv2.INTER_AREA), np.float32)
        mean = np.maximum(cv2.mean(cv2.multiply(pixels, cv2.merge([within] * 3)))[:3], 1e-3)
        own = _spread(pixels, within, radius) * (np.float32(within.mean()) / mean)
        own = own.astype(np.float32)
        own /= np.maximum(own @ _LUMA, np.float32(1e-3))[..., np.newaxis]
        tint = cv2.pow(np.clip(own, *_TINT), kept)
        return np.asarray(cv2.resize(tint, small.shape[1::-1]), np.float32)

    @cached_property
    def _reduced(self) -> Rgb:
        return shrunk(self._seen, _SHADING_SIDE)

    @cached_property
    def _small(self) -> _Look:
        rgb = shrunk(self._reduced, _WHITE_SIDE).astype(np.float32) * np.float32(1 / 255)
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


def _linear(coded: Floats) -> Floats:
    # The transfer function of sRGB, IEC 61966-2-1.
    low = coded <= 0.04045
    return np.where(low, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _reduced(weight: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask of the photo at a reduced size; of a large one only every nth pixel is looked at."""
    step = max(1, min(weight.shape[0] // (2 * shape[0]), weight.shape[1] // (2 * shape[1])))
    thinned = np.ascontiguousarray(weight[step // 2 :: step, step // 2 :: step])
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(thinned, size, interpolation=cv2.INTER_AREA), np.uint8)


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
