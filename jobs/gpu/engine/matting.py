"""Cut a thing out of its picture: how much of each pixel is the thing, and of what colour.

A pixel on the edge of a thing shows both: I = a F + (1 - a) B. In a narrow band along a mask, F and
B are continued from the sure pixels on either side, and a is where I lies between them. Where the
picture does not say, because both look alike or the pixel looks like neither, the mask decides,
drawn by a guided filter that sees colour (He, Sun and Tang, "Guided image filtering", 2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.channels import summed
from jobs.gpu.engine.membrane import membrane
from jobs.gpu.engine.view import shrunk

Indices = NDArray[np.intp]

_WORKING_SIDE: Final = 1024
# Half the width of the band, as a share of the working picture's longest side.
_BAND: Final = 1 / 200
_LEAST_BAND: Final = 3.0
# What is at least this near to the middle of its part is sure, however thin the part is.
_MIDDLE: Final = 0.75
_FILTER_CONTRAST: Final = 60.0
# Contrast of thing and backdrop, in steps of 255: hardly any, and plenty.
_FAINT, _CLEAR = 12.0, 40.0
# Contrast over the grain of both sides together: up to the first a single pixel says nothing of
# itself, from the second on all. Grain is seen over so many widths of the band.
_COARSE, _FINE = 3.2, 7.0
_GRAIN_REACH: Final = 3
# Deviation up to which a backdrop is plain, and from which it is mottled.
_SHEET, _MOTTLED = 8.0, 20.0
# How soft the mask's own edge is, in pixels of the working picture.
_SOFT: Final = 1.0
# How far a pixel may be off the line between both, as a share of their contrast.
_OFF_LINE: Final = 0.35
# Outside the mask a pixel may be all thing up to the first, must be none of it from the second, in
# widths of the band; inside the other way round, so that two things side by side make up a whole.
# The soft shadow beside a thing lies on the line between both colours, too.
_BEYOND: Final = (0.45, 1.0)
_TRACE: Final = 0.06


@dataclass(frozen=True)
class Matte:
    """A thing cut out.

    alpha: HxW, the share of the thing. rows, columns, own: N pixels along its outline, and Nx3 the
    thing's own colour there, without the backdrop's tinge and continued a little beyond; elsewhere
    it is the picture's. contrast: 0-1, the part of the outline where both differ visibly.
    """

    alpha: Mask
    rows: Indices
    columns: Indices
    own: Rgb
    contrast: float

    def put_on(self, rgb: Rgb) -> None:
        """Give a picture (HxWx3) the thing's own colours, in place."""
        rgb[self.rows, self.columns] = self.own

    @contextmanager
    def worn_by(self, rgb: Rgb) -> Iterator[None]:
        """`put_on` for the time of a block."""
        before = rgb[self.rows, self.columns]
        self.put_on(rgb)
        try:
            yield
        finally:
            rgb[self.rows, self.columns] = before


def cut_out(rgb: Rgb, mask: Mask) -> Matte:
    """Cut out what a mask of a reduced view (hxw, 0-255) shows of a picture (HxWx3)."""
    sides = _Sides.of(rgb, mask)
    height, width = rgb.shape[:2]
    alpha = cv2.resize(sides.solid, (width, height), interpolation=cv2.INTER_NEAREST)
    band = cv2.resize(sides.band, (width, height), interpolation=cv2.INTER_NEAREST)
    rows, columns = np.nonzero(band)
    if not rows.size:
        none = np.empty((0, 3), np.uint8)
        return Matte(np.asarray(alpha, np.uint8), rows, columns, none, 1.0)
    pixels = rgb[rows, columns].astype(np.float32)
    thing, backdrop, drawn, away, clear = sides.at(rows, columns, (height, width))
    share, contrast = _shares(pixels, thing, backdrop, drawn, away, clear)
    alpha[rows, columns] = np.rint(share * 255)
    own = np.rint(np.clip(_unmixed(pixels, thing, backdrop, share), 0, 255)).astype(np.uint8)
    return Matte(np.asarray(alpha, np.uint8), rows, columns, own, contrast)


@dataclass(frozen=True)
class _Sides:
    """What lies on either side of the outline, at working size, all hxw or hxwx3.

    solid: 255 on the thing. band: 1 where it is open. thing, backdrop: colours, continued into the
    band. drawn: the mask along the picture's edges, 0-1. away: how many bands outside the mask,
    negative inside.
    """

    solid: Mask
    band: Mask
    thing: Floats
    backdrop: Floats
    drawn: Floats
    away: Floats
    clear: Floats

    @classmethod
    def of(cls, rgb: Rgb, mask: Mask) -> _Sides:
        height, width = mask.shape
        scale = min(1.0, _WORKING_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = shrunk(rgb, max(size))
        if small.shape[:2] != size[::-1]:
            small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
        soft = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        inside = np.asarray(soft >= 128)
        reach = max(_LEAST_BAND, max(size) * _BAND)
        depth_in, depth_out = _depth(inside), _depth(~inside)
        thing = (depth_in > reach) | _middle(depth_in, reach)
        backdrop = (depth_out > reach) | _middle(depth_out, reach)
        picture = small.astype(np.float32)
        drawn = _drawn(picture, inside.astype(np.float32), max(2, round(reach)))
        own = membrane(picture, thing) if thing.any() else picture
        other = membrane(picture, backdrop) if backdrop.any() else picture
        clear = _clear(picture, (thing, backdrop), own - other, reach)
        # Along a texture the picture's edges are the texture's: there the mask is as it is.
        plain = cv2.GaussianBlur(soft.astype(np.float32) * np.float32(1 / 255), (0, 0), _SOFT)
        drawn = np.asarray(plain + clear * (drawn - plain), np.float32)
        band = (~thing & (depth_in > 0) & (depth_in <= reach)) | (
            ~backdrop & (depth_out > 0) & (depth_out <= reach)
        )
        return cls(
            solid=inside.astype(np.uint8) * np.uint8(255),
            band=band.astype(np.uint8),
            thing=own,
            backdrop=other,
            drawn=drawn,
            away=(np.where(inside, 0.5 - depth_in, depth_out - 0.5) / reach).astype(np.float32),
            clear=clear,
        )

    def at(
        self, rows: Indices, columns: Indices, shape: tuple[int, int]
    ) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """thing and backdrop (Nx3), drawn, away and clear (N), at pixels of such a picture."""
        height, width = self.drawn.shape
        x = ((columns + 0.5) * (width / shape[1]) - 0.5).astype(np.float32)
        y = ((rows + 0.5) * (height / shape[0]) - 0.5).astype(np.float32)

        def sampled(field: Floats) -> Floats:
            # OpenCV's remap takes no more than 32767 points a row.
            parts = [
                cv2.remap(
                    field,
                    x[np.newaxis, start : start + 32_000],
                    y[np.newaxis, start : start + 32_000],
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE,
                )[0]
                for start in range(0, len(x), 32_000)
            ]
            return np.asarray(np.concatenate(parts), np.float32)

        fields = (self.thing, self.backdrop, self.drawn, self.away, self.clear)
        own, other, drawn, away, clear = (sampled(field) for field in fields)
        return own, other, drawn, away, clear


def _shares(
    pixels: Floats, thing: Floats, backdrop: Floats, drawn: Floats, away: Floats, clear: Floats
) -> tuple[Floats, float]:
    """The share of the thing in each of N pixels of the band, and how much of it has contrast."""
    span = thing - backdrop
    square = np.maximum((span**2).sum(axis=1), 1.0)
    contrast = np.sqrt(square)
    between = ((pixels - backdrop) * span).sum(axis=1) / square
    off = pixels - backdrop - between[:, np.newaxis] * span
    off_line = np.sqrt((off**2).sum(axis=1)) / contrast
    told = np.clip((contrast - _FAINT) / (_CLEAR - _FAINT), 0, 1)
    # A pixel darker than both, a trim or a shadow, lies off the end of the line.
    beyond = np.maximum(np.maximum(-between, between - 1), 0)
    told *= clear * np.exp(-(((off_line + beyond * (between < 0)) / _OFF_LINE) ** 2))
    share = told * np.clip(between, 0, 1) + (1 - told) * drawn
    most, none = _BEYOND
    share = np.minimum(share, np.clip((none - away) / (none - most), 0, 1))
    share = np.maximum(share, 1 - np.clip((none + away) / (none - most), 0, 1))
    share = np.clip((share - _TRACE) / (1 - 2 * _TRACE), 0, 1)
    visible = float((contrast > (_FAINT + _CLEAR) / 2).mean())
    return share.astype(np.float32), visible


def _unmixed(pixels: Floats, thing: Floats, backdrop: Floats, share: Floats) -> Floats:
    """The thing's own colour in each pixel; where little of it shows, what lies beside it."""
    part = share[:, np.newaxis]
    own = np.clip((pixels - (1 - part) * backdrop) / np.maximum(part, 0.05), 0, 255)
    trust = np.clip((part - 0.3) / 0.5, 0, 1)
    return np.asarray(trust * own + (1 - trust) * thing, np.float32)


def _clear(picture: Floats, sides: tuple[BoolMask, BoolMask], span: Floats, reach: float) -> Floats:
    """How much a pixel (HxW) says of itself, 0-1, by the contrast of both sides (HxWx3) and what
    those stray about their means nearby. At half size: the grain that matters is coarser."""
    height, width = picture.shape[:2]
    half = (max(1, width // 2), max(1, height // 2))
    reduced = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.float32)
    side = 2 * max(1, round(_GRAIN_REACH * reach / 2)) + 1
    window = (side, side)
    squares = summed(np.square(reduced))
    variances = []
    for known in sides:
        weight = cv2.resize(known.astype(np.float32), half, interpolation=cv2.INTER_AREA)
        amount = np.maximum(cv2.blur(weight, window), 1e-4)
        mean = cv2.blur(reduced * weight[..., np.newaxis], window) / amount[..., np.newaxis]
        square = cv2.blur(squares * weight, window) / amount
        variances.append(np.maximum(square - summed(np.square(mean)), 0))
    thing, backdrop = variances
    # Before a plain backdrop whatever differs from it is the thing, of whatever colours that is.
    mottled = np.clip((np.sqrt(backdrop) - _SHEET) / (_MOTTLED - _SHEET), 0, 1)
    grain = backdrop + mottled * thing
    contrast = summed(np.square(cv2.resize(span, half, interpolation=cv2.INTER_AREA)))
    told = (np.sqrt(contrast / np.maximum(grain, 1.0)) - _COARSE) / (_FINE - _COARSE)
    clear = cv2.resize(np.clip(told, 0, 1).astype(np.float32), (width, height))
    return np.asarray(clear, np.float32)


def _depth(inside: BoolMask) -> Floats:
    """How many pixels it is from each pixel inside to the next one outside; 0 outside."""
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(depth, np.float32)


def _middle(depth: Floats, reach: float) -> BoolMask:
    """The middle line of parts too thin to have anything deeper than `reach`."""
    side = 2 * int(np.ceil(reach)) + 1
    deepest = cv2.dilate(depth, np.ones((side, side), np.uint8))
    return np.asarray((depth >= 1.5) & (depth >= _MIDDLE * deepest), np.bool_)


def _drawn(picture: Floats, mask: Floats, radius: int) -> Floats:
    """A guided filter whose guide is the colour picture (hxwx3), not its grey one."""
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: Floats) -> Floats:
        return np.asarray(cv2.blur(plane, window), np.float32)

    planes = [np.asarray(plane, np.float32) for plane in cv2.split(picture)]
    red, green, blue = planes
    means = [mean(plane) for plane in planes]
    average = mean(mask)
    with_mask = [
        mean(plane * mask) - centre * average for plane, centre in zip(planes, means, strict=True)
    ]
    rr, gg, bb = (
        mean(plane * plane) - centre * centre + np.float32(_FILTER_CONTRAST)
        for plane, centre in zip(planes, means, strict=True)
    )
    rg = mean(red * green) - means[0] * means[1]
    rb = mean(red * blue) - means[0] * means[2]
    gb = mean(green * blue) - means[1] * means[2]
    # The inverse of a symmetric 3x3 matrix, by cofactors.
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * c00 + rg * c01 + rb * c02
    slopes = (
        (c00 * with_mask[0] + c01 * with_mask[1] + c02 * with_mask[2]) / determinant,
        (c01 * with_mask[0] + c11 * with_mask[1] + c12 * with_mask[2]) / determinant,
        (c02 * with_mask[0] + c12 * with_mask[1] + c22 * with_mask[2]) / determinant,
    )
    offset = average - sum(slope * centre for slope, centre in zip(slopes, means, strict=True))
    drawn = mean(offset.astype(np.float32))
    for slope, plane in zip(slopes, planes, strict=True):
        drawn = drawn + mean(slope.astype(np.float32)) * plane
    return np.clip(drawn, 0, 1).astype(np.float32)
