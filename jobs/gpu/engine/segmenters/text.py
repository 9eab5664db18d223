"""Printed text, by the detector of PP-OCRv6 (differentiable binarisation).

Liao et al., "Real-time scene text detection with differentiable binarization", 2020. The network
says how likely each pixel is the shrunken core of a line of text; the line is drawn around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.segmenters.instance import Instance, box_of, by_score
from jobs.gpu.engine.segmenters.weights import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    TEXT_DETECTOR,
    answer_of,
    load_session,
)

Outline = NDArray[Any]

_SIDE: Final = 736
_STRIDE: Final = 32
_MEAN: Final = np.array(IMAGENET_MEAN, np.float32)
_DEVIATION: Final = np.array(IMAGENET_DEVIATION, np.float32)

_CORE: Final = 0.3
_LEAST_SCORE: Final = 0.6
_LEAST_HEIGHT: Final = 3.0
# A "line" as high as a fifth of the picture is a pattern, not writing.
_MOST_HEIGHT: Final = 0.22
# How far a line reaches beyond its core, as the network was trained (area · 1.5 / perimeter).
_UNCLIP: Final = 1.5
_MOSTLY: Final = 0.7
# Letters of several colours: the fainter ones must not fall below the threshold.
_MOST_STEP: Final = 30


@dataclass(frozen=True)
class FoundText:
    """strokes: HxW, 255 on the letters and a thin rim. lines: the boxes they were found in."""

    strokes: Mask
    lines: tuple[Instance, ...]


def find_text(rgb: Rgb, *, within: Mask | None = None) -> FoundText | None:
    """The text in a picture, or None; with `within` (HxW), only lines that mostly lie there.

    Raises ModelError when the network cannot run.
    """
    likely = _likelihood(rgb)
    core = (likely > _CORE).astype(np.uint8)
    outlines, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    height, width = rgb.shape[:2]
    scale = np.array([width / likely.shape[1], height / likely.shape[0]])
    strokes = np.zeros((height, width), np.uint8)
    lines: list[Instance] = []
    for outline in outlines:
        score = _score(likely, outline)
        box = _line_around(outline, max(likely.shape))
        if box is None or score < _LEAST_SCORE:
            continue
        line = np.zeros_like(strokes)
        cv2.fillConvexPoly(line, np.rint(box * scale).astype(np.int32), 255)
        if not line.any():
            continue
        if within is not None and cv2.mean(within, line)[0] < 255 * _MOSTLY:
            continue
        _draw_strokes(strokes, rgb, line)
        lines.append(Instance(box_of(line), score))
    return FoundText(strokes, by_score(lines)) if lines else None


def _draw_strokes(strokes: Mask, rgb: Rgb, line: Mask) -> None:
    """Add the letters of one line (HxW, 255 inside its box): what differs from its ground.

    Keeping whole boxes would show as patches once the ground is painted.
    """
    left, top, width, height = cv2.boundingRect(line)
    window = np.s_[top : top + height, left : left + width]
    inside = line[window] > 0
    lab = cv2.cvtColor(rgb[window], cv2.COLOR_RGB2LAB).astype(np.float32)
    rim = inside & (cv2.erode(line[window], np.ones((3, 3), np.uint8)) == 0)
    ground = np.median(lab[rim if rim.any() else inside], axis=0)
    differs = np.minimum(np.linalg.norm(lab - ground, axis=2), 255).astype(np.uint8)
    level, _ = cv2.threshold(differs[inside], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    letters = (inside & (differs > min(level, _MOST_STEP))).astype(np.uint8)
    reach = 2 * max(1, round(min(width, height) / 24)) + 1
    letters = cv2.dilate(letters, np.ones((reach, reach), np.uint8)) * np.uint8(255)
    np.maximum(strokes[window], letters, out=strokes[window])


def _line_around(outline: Outline, longest: int) -> Floats | None:
    """Four corners of the turned rectangle around a line of text, or None when it is none."""
    (x, y), (across, down), angle = cv2.minAreaRect(outline)
    thickness = min(across, down)
    if not _LEAST_HEIGHT <= thickness <= _MOST_HEIGHT * longest:
        return None
    reach = across * down * _UNCLIP / (2 * (across + down))
    corners = cv2.boxPoints(((x, y), (across + 2 * reach, down + 2 * reach), angle))
    return np.asarray(corners, np.float32)


def _score(likely: Floats, outline: Outline) -> float:
    """The mean likelihood within an outline."""
    left, top, width, height = cv2.boundingRect(outline)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [outline - (left, top)], -1, 1, cv2.FILLED)
    return float(cv2.mean(likely[top : top + height, left : left + width], inside)[0])


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
