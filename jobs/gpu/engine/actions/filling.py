"""Fill a hole in a picture: its light from the rim, its detail from beside it.

The light and colour are a smooth membrane over the hole (pull-push, Gortler et al., "The
lumigraph", 1996). On it lies the fine structure of the surroundings, copied by a few shifts
chosen to cover the hole (compare Pritch et al., "Shift-map image editing", 2009). Whatever no
shift reaches gets seeded grain.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.membrane import membrane

_PLANNING_SIDE: Final = 128
_LIGHT_SIDE: Final = 512
_MOST_SHIFTS: Final = 8
_WORTHWHILE: Final = 0.01
_FAR_COSTS: Final = 0.35
_MOST_GRAIN: Final = 4.0
# The rim: this part of the hole's extent, and so many pixels at least.
_RIM: Final = 8
_LEAST_RIM: Final = 6
_STRONGER: Final = 2.5
_KEPT_AWAY: Final = 16
_SLACK: Final = 4.0
# Detail is what is finer than this share of the longest side.
_DETAIL: Final = 1 / 60

Shift = tuple[int, int]
Area = tuple[slice, slice]


def fill(rgb: Rgb, unknown: BoolMask) -> Rgb:
    """Replace the unknown pixels (HxW) of a picture (HxWx3); the known ones are returned as is.

    At least one pixel must be known.
    """
    light, smooth = _light(rgb, unknown)
    rows, columns = _bounds(unknown)
    # Detail next to the hole holds the edge of what is removed; only clean pixels are copied.
    clean = _eroded(~unknown, 3)
    clean &= _like_the_rim(rgb, smooth, unknown, clean)
    laid, missing = _copied_detail(rgb, smooth, unknown, clean)
    laid += (missing * _grain(rgb, smooth, clean)[rows, columns])[..., np.newaxis]
    within = np.clip(np.rint(light[rows, columns] + laid), 0, 255).astype(np.uint8)
    filled = rgb.copy()
    inside = unknown[rows, columns]
    filled[rows, columns][inside] = within[inside]
    return filled


def _like_the_rim(rgb: Rgb, smooth: Floats, unknown: BoolMask, clean: BoolMask) -> BoolMask:
    """Where the detail is no stronger than beside the hole (HxW).

    What surrounds a screen on a wall is the wall's grain, not the chairs further down: their
    outlines must not be copied into its place.
    """
    rows, columns = _bounds(unknown)
    extent = max(rows.stop - rows.start, columns.stop - columns.start)
    away = cv2.distanceTransform((~unknown).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    rim = clean & (away <= max(_LEAST_RIM, extent // _RIM))
    if not rim.any():
        return clean
    detail = cv2.absdiff(rgb.astype(np.float32), smooth).max(axis=2)
    limit = _STRONGER * float(np.percentile(detail[rim], 75)) + _SLACK
    weak = (detail <= limit).astype(np.uint8)
    # Not beside strong detail either: what lies between lines belongs to them.
    beyond = cv2.distanceTransform(weak, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(beyond > max(_LEAST_RIM, extent // _KEPT_AWAY), np.bool_)


def light_under(plane: Mask, unknown: BoolMask) -> Mask:
    """A single channel (HxW) with its unknown pixels filled smoothly, without any detail."""
    layers = np.asarray(cv2.merge([plane] * 3), np.uint8)
    light, _ = _light(layers, unknown)
    return np.where(unknown, np.rint(light[..., 0]).clip(0, 255), plane).astype(np.uint8)


def _light(rgb: Rgb, unknown: BoolMask) -> tuple[Floats, Floats]:
    """Light and colour over the whole picture (HxWx3): a filled one, and a smoother one.

    Both are solved at reduced size; only what lies in the hole, or the smooth one, is of use.
    """
    height, width = unknown.shape
    scale = min(1.0, _LIGHT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    known = (~unknown).astype(np.float32)
    total = cv2.resize(rgb * known[..., np.newaxis], size, interpolation=cv2.INTER_AREA)
    amount = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    values = np.asarray(total / np.maximum(amount, 1e-6)[..., np.newaxis], np.float32)
    base = membrane(values, amount > 0.01)
    smooth = cv2.GaussianBlur(base, (0, 0), max(1.0, max(size) * _DETAIL))
    mixed = (base + smooth) * np.float32(0.5)
    full = (width, height)
    return (
        np.asarray(cv2.resize(mixed, full, interpolation=cv2.INTER_LINEAR), np.float32),
        np.asarray(cv2.resize(smooth, full, interpolation=cv2.INTER_LINEAR), np.float32),
    )


def _copied_detail(
    rgb: Rgb, smooth: Floats, unknown: BoolMask, clean: BoolMask
) -> tuple[Floats, Floats]:
    """Detail from elsewhere for the bounds of the hole (hxwx3), and what it leaves bare (hxw)."""
    rows, columns = _bounds(unknown)
    missing = unknown[rows, columns].astype(np.float32)
    laid = np.zeros((*missing.shape, 3), np.float32)
    usable = np.asarray(cv2.blur(clean.astype(np.float32), (9, 9)), np.float32) ** 2 * clean
    for shift in _shifts(unknown, clean):
        here, there = _overlap(shift, (rows, columns), unknown.shape)
        # What lies near the rim of the source counts less, so that seams between shifts fade.
        share = missing[here] * usable[there]
        laid[here] += (rgb[there] - smooth[there]) * share[..., np.newaxis]
        missing[here] -= share
    return laid, missing


def _shifts(unknown: BoolMask, clean: BoolMask) -> list[Shift]:
    """Shifts (rows, columns) that bring clean pixels onto the hole, near ones first."""
    height, width = unknown.shape
    scale = min(1.0, _PLANNING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    left = _reduced(unknown, size) > 0
    source = _reduced(clean, size) > 0.99
    whole = max(1, int(left.sum()))
    rows, columns = 2 * size[1], 2 * size[0]  # room for a shift in either direction
    seen = np.fft.rfft2(source, s=(rows, columns))
    away = np.hypot(
        np.fft.fftfreq(rows)[:, np.newaxis] * rows, np.fft.fftfreq(columns)[np.newaxis] * columns
    )
    cost = _FAR_COSTS * away / max(size)
    chosen: list[Shift] = []
    for _ in range(_MOST_SHIFTS):
        # Correlation at a shift counts the hole's pixels that the shifted source would cover.
        spectrum = seen * np.conj(np.fft.rfft2(left, s=(rows, columns)))
        gain = np.fft.irfft2(spectrum, s=(rows, columns)) / whole
        best = int(np.argmax(gain * (1 - np.minimum(cost, 0.9))))
        down, across = best // columns, best % columns
        if gain[down, across] < _WORTHWHILE:
            break
        down, across = down - rows * (down > rows // 2), across - columns * (across > columns // 2)
        here, there = _overlap((down, across), _whole(left.shape), left.shape)
        left[here] &= ~source[there]
        chosen.append((round(down / scale), round(across / scale)))
    return chosen


def _whole(shape: tuple[int, ...]) -> Area:
    return slice(0, shape[0]), slice(0, shape[1])


def _overlap(shift: Shift, area: Area, shape: tuple[int, ...]) -> tuple[Area, Area]:
    """The part of an area whose shifted self lies in the picture, and where that is.

    The first is relative to the area, the second to the picture.
    """

    def spans(by: int, inner: slice, length: int) -> tuple[slice, slice]:
        first = max(inner.start, -by)
        last = max(first, min(inner.stop, length - by))
        return slice(first - inner.start, last - inner.start), slice(first + by, last + by)

    rows, source_rows = spans(shift[0], area[0], shape[0])
    columns, source_columns = spans(shift[1], area[1], shape[1])
    return (rows, columns), (source_rows, source_columns)


def _bounds(mask: BoolMask) -> Area:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _grain(rgb: Rgb, smooth: Floats, clean: BoolMask) -> Floats:
    """Noise as strong as that of the surroundings (HxW), and the same at every run."""
    step = max(1, max(clean.shape) // 512)
    detail = (rgb[::step, ::step] - smooth[::step, ::step])[clean[::step, ::step]]
    strength = min(float(detail.std()), _MOST_GRAIN) if detail.size else 0.0
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    return noise * np.float32(strength)


def _eroded(mask: BoolMask, by: int) -> BoolMask:
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel) > 0, np.bool_)


def _reduced(mask: BoolMask, size: tuple[int, int]) -> Floats:
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
