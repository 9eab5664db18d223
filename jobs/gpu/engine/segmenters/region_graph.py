"""Superpixels of a picture, how they touch, and how they group into larger regions.

Superpixels: SLICO (Achanta et al., 2012). Grouping: Felzenszwalb and Huttenlocher, "Efficient
graph-based image segmentation", 2004, run on superpixels instead of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.gpu.engine.arrays import Rgb

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

_SUPERPIXELS: Final = 1100
_MERGE_SCALE: Final = 28.0
_CHROMA_WEIGHT: Final = 1.5


@dataclass(frozen=True)
class RegionGraph:
    """n superpixels and e borders between them.

    labels: HxW, the superpixel of each pixel. area: n, pixels. colour: n x 3, OpenCV's 8-bit Lab.
    roughness: n, mean gradient. x, y: n, the centre, 0-1. first, second: e, the two sides of a
    border. length: e, in pixel pairs. edge: e, mean gradient along it. step: e, colour distance.
    region: n, the larger region each superpixel belongs to.
    """

    labels: NDArray[np.int32]
    area: Values
    colour: Values
    roughness: Values
    x: Values
    y: Values
    first: Indices
    second: Indices
    length: Values
    edge: Values
    step: Values
    region: Indices


def build_region_graph(rgb: Rgb) -> RegionGraph:
    """Split a small picture (about 512 pixels on its longest side) into superpixels."""
    height, width = rgb.shape[:2]
    smooth = np.asarray(cv2.pyrMeanShiftFiltering(rgb, 7, 14, maxLevel=1), np.uint8)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
    labels, count = _superpixels(lab)
    flat = labels.ravel()
    area = np.bincount(flat, minlength=count).astype(np.float64)

    def mean(values: NDArray[Any]) -> Values:
        return np.bincount(flat, values.ravel(), minlength=count) / np.maximum(area, 1)

    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    rows, columns = np.mgrid[0:height, 0:width]
    colour = np.stack([mean(lab[..., channel]) for channel in range(3)], axis=1)
    first, second, length, edge = _borders(labels, count, _gradient(lab))
    step = np.linalg.norm((colour[first] - colour[second]) * [0.7, 1.5, 1.5], axis=1)
    region = _merge(count, first, second, step + 0.18 * edge, area / area.mean())
    return RegionGraph(
        labels=labels,
        area=area,
        colour=colour,
        roughness=mean(np.minimum(_magnitude(gray.astype(np.float32)), 120)),
        x=mean(columns / width),
        y=mean(rows / height),
        first=first,
        second=second,
        length=length,
        edge=edge,
        step=step,
        region=region,
    )


def _superpixels(lab: NDArray[Any]) -> tuple[NDArray[np.int32], int]:
    side = max(8, int(np.sqrt(lab.shape[0] * lab.shape[1] / _SUPERPIXELS)))
    slic = cv2.ximgproc.createSuperpixelSLIC(
        lab, algorithm=cv2.ximgproc.SLICO, region_size=side, ruler=10.0
    )
    slic.iterate(6)
    slic.enforceLabelConnectivity(25)
    return np.asarray(slic.getLabels(), np.int32), int(slic.getNumberOfSuperpixels())


def _magnitude(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    across = cv2.Sobel(channel, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(channel, cv2.CV_32F, 0, 1)
    return np.hypot(across, down).astype(np.float32)


def _gradient(lab: NDArray[Any]) -> NDArray[np.float32]:
    lightness, a, b = (_magnitude(lab[..., channel].astype(np.float32)) for channel in range(3))
    return lightness + np.float32(_CHROMA_WEIGHT) * (a + b)


def _borders(
    labels: NDArray[np.int32], count: int, gradient: NDArray[np.float32]
) -> tuple[Indices, Indices, Values, Values]:
    """Every pair of touching superpixels once, with the length and the gradient of its border."""
    one = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()])
    other = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()])
    strength = np.concatenate(
        [
            np.maximum(gradient[:, :-1], gradient[:, 1:]).ravel(),
            np.maximum(gradient[:-1], gradient[1:]).ravel(),
        ]
    )
    differ = one != other
    one, other, strength = one[differ], other[differ], strength[differ]
    pair = np.minimum(one, other).astype(np.int64) * count + np.maximum(one, other)
    pairs, position = np.unique(pair, return_inverse=True)
    length = np.bincount(position, minlength=len(pairs)).astype(np.float64)
    edge = np.bincount(position, strength, minlength=len(pairs)) / np.maximum(length, 1)
    return (pairs // count).astype(np.intp), (pairs % count).astype(np.intp), length, edge


def _merge(count: int, first: Indices, second: Indices, weight: Values, size: Values) -> Indices:
    """Join neighbours while their border is no stronger than what lies inside either side."""
    parent = list(range(count))
    inside = [0.0] * count
    total = size.tolist()

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for border in np.argsort(weight, kind="stable").tolist():
        a, b = root(int(first[border])), root(int(second[border]))
        strength = float(weight[border])
        limit = min(inside[a] + _MERGE_SCALE / total[a], inside[b] + _MERGE_SCALE / total[b])
        if a != b and strength <= limit:
            parent[b] = a
            total[a] += total[b]
            inside[a] = max(strength, inside[a], inside[b])
    roots = np.array([root(node) for node in range(count)])
    return np.unique(roots, return_inverse=True)[1].astype(np.intp)
