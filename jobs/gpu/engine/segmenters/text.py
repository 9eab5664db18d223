"""Printed text, by the detector of PP-OCRv6 (differentiable binarisation).

Liao et al., "Real-time scene text detection with differentiable binarization", 2020. The network
says how likely each pixel is the shrunken core of a line of text; the line is drawn around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.segmenters.instance import Instance, box_of, by_score
from jobs.gpu.engine.segmenters.letters import letters_in
from jobs.gpu.engine.segmenters.weights import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    TEXT_DETECTOR,
    answer_of,
    load_session,
)

Labels = NDArray[np.int32]

_SIDE: Final = 736
_STRIDE: Final = 32
_MEAN: Final = np.array(IMAGENET_MEAN, np.float32)
_DEVIATION: Final = np.array(IMAGENET_DEVIATION, np.float32)

_CORE: Final = 0.3
_LEAST_SCORE: Final = 0.6
_LEAST_HEIGHT: Final = 3.0
# A "line" as high as a fifth of the picture is a pattern, not writing.
_MOST_HEIGHT: Final = 0.22
# The core of a line is shrunken to this share of its height, as the network was trained.
_SHRUNKEN: Final = 0.42
# How far a line reaches beyond its core, for the thickness of the core.
_REACH: Final = 1.0
_MOSTLY: Final = 0.7
# The network draws the core of writing with a crisp edge, and a cloud over laces or a seam. How
# wide that edge is, in the network's pixels: 0.2 to 1.6 on print, 2.6 and more on everything else.
_SURE: Final = 0.8
_WIDEST_EDGE: Final = 2.2


@dataclass(frozen=True)
class FoundText:
    """strokes: HxW, how much of each pixel is ink. lines: the boxes they were found in."""

    strokes: Mask
    lines: tuple[Instance, ...]


def find_text(rgb: Rgb, *, within: Mask | None = None) -> FoundText | None:
    """The text in a picture, or None; with `within` (HxW), only lines that mostly lie there.

    Raises ModelError when the network cannot run.
    """
    likely = _likelihood(rgb)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((likely > _CORE).astype(np.uint8))
    labels = np.asarray(parts, np.int32)
    height, width = rgb.shape[:2]
    down, across = height / likely.shape[0], width / likely.shape[1]
    strokes = np.zeros((height, width), np.uint8)
    lines: list[Instance] = []
    for number in range(1, count):
        left, top, wide, high = (int(value) for value in stats[number, :4])
        core = _Core.of(likely, labels, number, (left, top, wide, high))
        if core is None:
            continue
        rows = _scaled(core.window[0], down, height)
        columns = _scaled(core.window[1], across, width)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        if min(size) < 2:
            continue
        area = cv2.resize(core.area, size, interpolation=cv2.INTER_LINEAR) >= 128
        if within is not None and not area.any():
            continue
        if within is not None and float(within[rows, columns][area].mean()) < 255 * _MOSTLY:
            continue
        letter_height = core.thickness / _SHRUNKEN * (down + across) / 2
        letters = letters_in(rgb[rows, columns], np.asarray(area, np.bool_), letter_height)
        if letters is None:
            continue
        np.maximum(strokes[rows, columns], letters, out=strokes[rows, columns])
        line = np.zeros_like(strokes)
        line[rows, columns] = area.astype(np.uint8) * np.uint8(255)
        lines.append(Instance(box_of(line), core.score))
    return FoundText(strokes, by_score(lines)) if lines else None


@dataclass(frozen=True)
class _Core:
    """The core of a line as the network sees it, in the network's pixels.

    window: rows and columns around the line. area: 255 where the line is, in the window. thickness:
    of the core, across the line. score: its mean likelihood.
    """

    window: tuple[slice, slice]
    area: Mask
    thickness: float
    score: float

    @classmethod
    def of(
        cls, likely: Floats, labels: Labels, number: int, box: tuple[int, int, int, int]
    ) -> _Core | None:
        """One connected part of the likely pixels, or None when it is no writing."""
        left, top, wide, high = box
        inside = labels[top : top + high, left : left + wide] == number
        values = likely[top : top + high, left : left + wide]
        score = float(values[inside].mean())
        longest = max(likely.shape)
        depth = _depth(inside)
        thickness = 2 * float(np.percentile(depth[inside], 90))
        if score < _LEAST_SCORE or not 0.75 * _LEAST_HEIGHT <= thickness <= _MOST_HEIGHT * longest:
            return None
        outline = float((depth[inside] <= 1.0).sum())
        edge = float((inside & (values < _SURE)).sum()) / max(outline, 1.0)
        if edge > _WIDEST_EDGE:
            return None
        reach = round(_REACH * thickness) + 1
        rows = slice(max(0, top - reach - 1), min(likely.shape[0], top + high + reach + 1))
        columns = slice(max(0, left - reach - 1), min(likely.shape[1], left + wide + reach + 1))
        core = (labels[rows, columns] == number).astype(np.uint8) * np.uint8(255)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        area = np.asarray(cv2.dilate(core, disc), np.uint8)
        return cls((rows, columns), area, thickness, round(score, 4))


def _depth(inside: NDArray[np.bool_]) -> Floats:
    padded = np.pad(inside.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(depth[1:-1, 1:-1], np.float32)


def _scaled(span: slice, by: float, length: int) -> slice:
    return slice(int(span.start * by), min(length, round(span.stop * by)))


def _likelihood(rgb: Rgb) -> Floats:
    """The network's answer at its own resolution, hxw, 0-1."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = tuple(max(1, round(side * scale / _STRIDE)) * _STRIDE for side in (width, height))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    # Trained on OpenCV's order of channels, blue first.
    blue_first = small[..., ::-1].astype(np.float32) * np.float32(1 / 255)
    batch = ((blue_first - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis]
    answer = answer_of(load_session(TEXT_DETECTOR), batch, "text detector")
    return np.asarray(answer[0, 0], np.float32)
