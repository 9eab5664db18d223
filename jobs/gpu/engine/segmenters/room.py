"""Wall, floor and ceiling of a room without any learned model: a baseline.

Each superpixel gets a prior from where its region lies, what it touches and how smooth it is;
a random walk over the graph (Grady, 2006, with priors as in Grady, 2005) lets neighbours of like
colour agree; colour models, in the manner of GrabCut, correct the outliers; a watershed finds the
edges. It does well in plain rooms. Beds, rugs, paintings and cabinets confuse it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.segmenters.outline import (
    doubt_borders,
    enlarged,
    settle_borders,
    working_copy,
)
from jobs.gpu.engine.segmenters.region_graph import RegionGraph, Values, build_region_graph

SURFACES: Final = ("Wall", "Floor", "Ceiling")
_WALL, _FLOOR, _CEILING, _OTHER = range(4)

_WORKING_SIDE: Final = 512
_LEAST_SIDE: Final = 48
_LEAST_PATCH: Final = 0.003
_LEAST_SURFACE: Final = 0.01
_FLOOR_ROUNDS: Final = 2
# Of a rectangle on a wall: its least and greatest share of the picture, how much of it must be
# told from the wall already, and how much of the line around it must be wall.
_LEAST_PICTURE, _MOST_PICTURE = 0.004, 0.2
_FILLED: Final = 0.55
_ENCLOSED: Final = 0.8
# Mean gradient along a border below which there is nothing to be seen.
_FAINT: Final = 7.0
# Least value of the darkest channel, and how many of such pixels; 245 and 0.4 or 0.7 do the same.
_BURNT_OUT: Final = 250
_MOSTLY: Final = 0.5


def find_surfaces(rgb: Rgb) -> dict[str, Mask]:
    """The surfaces that are there, by name, each HxW uint8.

    A photo less than 48 pixels wide or high, once reduced to 512, shows no room.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if min(size) < _LEAST_SIDE:
        return {}
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    graph = build_region_graph(small)
    classes = _without_burnt_out_walls(graph, _classify(graph), small)
    labels = _without_pictures(_outlined(classes[graph.labels], rgb))
    surfaces: dict[str, Mask] = {}
    for index, name in enumerate(SURFACES):
        mask = _without_specks((labels == index).astype(np.uint8))
        if float(mask.mean()) >= _LEAST_SURFACE:
            surfaces[name] = enlarged(mask * np.uint8(255), rgb.shape)
    return surfaces


def _without_burnt_out_walls(
    graph: RegionGraph, classes: NDArray[np.uint8], small: Rgb
) -> NDArray[np.uint8]:
    """What is too bright to have any colour is a window, not a white wall."""
    burnt_out = (small.min(axis=2) >= _BURNT_OUT).ravel().astype(np.float64)
    share = np.bincount(graph.labels.ravel(), burnt_out, minlength=len(classes)) / graph.area
    windows = (classes == _WALL) & (share > _MOSTLY)
    return np.where(windows, _OTHER, classes).astype(np.uint8)


def _outlined(labels: NDArray[np.uint8], rgb: Rgb) -> NDArray[np.uint8]:
    """Superpixels run ragged along soft edges; find the real ones on a larger picture."""
    picture = working_copy(rgb)
    size = (picture.shape[1], picture.shape[0])
    larger = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    return settle_borders(doubt_borders(larger, 4, max(2, max(size) // 128)), picture)


def _without_pictures(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take whole rectangles out of the wall where most of one already is.

    What hangs on a wall, a painting or a screen, is rectangular, and its pale parts look like
    wall. Only what the wall encloses counts: furniture stands on the floor.
    """
    holes = (labels == _OTHER).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    cleared = labels.copy()
    for part in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[part])
        right, bottom = left + width, top + height
        inside_picture = left > 1 and top > 1
        inside_picture &= right < labels.shape[1] - 1 and bottom < labels.shape[0] - 1
        large_enough = _LEAST_PICTURE * labels.size < width * height < _MOST_PICTURE * labels.size
        if not (inside_picture and large_enough and area > _FILLED * width * height):
            continue
        frame = np.concatenate(
            [
                labels[top - 2, left:right],
                labels[bottom + 1, left:right],
                labels[top:bottom, left - 2],
                labels[top:bottom, right + 1],
            ]
        )
        if float((frame == _WALL).mean()) > _ENCLOSED:
            cleared[top:bottom, left:right] = _OTHER
    return cleared


def _classify(graph: RegionGraph) -> NDArray[np.uint8]:
    """n: whether each superpixel is wall, floor, ceiling or something else."""
    walk = _RandomWalk(graph)
    belief = walk.settle(_normalised(_priors(graph)), trust=0.06)
    belief = _corrected(graph, walk, belief)
    classes = belief.argmax(axis=1)
    # Further rounds gather the parts of a floor that furniture and sunlight tear apart, but let
    # a white ceiling run down white walls: only what they add to the floor is taken.
    for _ in range(_FLOOR_ROUNDS):
        belief = _corrected(graph, walk, belief)
    grown = (classes == _OTHER) & (belief.argmax(axis=1) == _FLOOR)
    return _without_faint_ceilings(graph, np.where(grown, _FLOOR, classes).astype(np.uint8))


def _without_faint_ceilings(graph: RegionGraph, classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A ceiling that runs into the wall without an edge is more of the wall.

    In a photo that shows no ceiling, the upper part of a pale wall looks like one.
    """
    first, second = graph.first, graph.second
    inside = (classes[first] == _CEILING) & (classes[second] == _CEILING)
    links = (np.ones(inside.sum()), (first[inside], second[inside]))
    count, part = connected_components(csr_matrix(links, shape=(len(classes),) * 2), directed=False)
    between = (classes[first] == _CEILING) & (classes[second] == _WALL)
    between |= (classes[first] == _WALL) & (classes[second] == _CEILING)
    ceiling = np.where(classes[first] == _CEILING, part[first], part[second])[between]
    faint = graph.edge[between] < _FAINT
    length = graph.length[between]
    border = np.bincount(ceiling, length, minlength=count)
    unseen = np.bincount(ceiling, length * faint, minlength=count)
    merged = (classes == _CEILING) & (unseen > border / 2)[part]
    return np.where(merged, _WALL, classes).astype(np.uint8)


def _corrected(graph: RegionGraph, walk: _RandomWalk, belief: Values) -> Values:
    """One round of: learn the colours of each class, judge again, let neighbours agree."""
    likely = 0.15 + _colour_likelihood(graph, belief)
    return walk.settle(_normalised(belief * likely * _plausible_height(graph) + 1e-6), trust=0.10)


def _priors(graph: RegionGraph) -> Values:
    count = int(graph.region.max()) + 1
    region, area = graph.region, graph.area
    region_area = np.bincount(region, area, minlength=count)

    def mean(values: Values) -> Values:
        return np.bincount(region, values * area, minlength=count) / region_area

    lowest, highest = np.zeros(count), np.ones(count)
    np.maximum.at(lowest, region, graph.y)
    np.minimum.at(highest, region, graph.y)
    top, bottom = _contact(graph, count)
    centre, lightness = mean(graph.y), mean(graph.colour[:, 0])
    smooth = np.exp(-mean(graph.roughness) / 45)
    large = _rises(region_area / graph.labels.size, 0.012, 0.006)

    ceiling = (
        _rises(top, 0.08, 0.03)
        * _falls(lowest, 0.42, 0.05)
        * _rises(lightness, 70, 20)
        * (0.5 + 0.5 * smooth)
    )
    floor = _rises(bottom, 0.04, 0.02) * _rises(highest, 0.42, 0.06) * (0.6 + 0.4 * smooth)
    wall = large * smooth * _falls(centre, 0.72, 0.06) * (1 - 0.85 * ceiling) * (1 - 0.8 * floor)

    y = graph.y
    prior = np.empty((len(y), 4))
    prior[:, _WALL] = (0.15 + wall[region]) * _falls(y, 0.86, 0.05) * _rises(y, 0.02, 0.02)
    prior[:, _FLOOR] = (0.10 + floor[region]) * _rises(y, 0.62, 0.06)
    prior[:, _CEILING] = (0.04 + 1.1 * ceiling[region]) * _falls(y, 0.34, 0.05)
    prior[:, _OTHER] = (
        0.22
        + 0.50 * (1 - large[region]) * _rises(y, 0.12, 0.04)
        + 0.35 * (1 - smooth[region]) * _falls(y, 0.80, 0.05)
    )
    return prior


def _contact(graph: RegionGraph, count: int) -> tuple[Values, Values]:
    """Which share of the picture's top and bottom edge each region holds."""
    pixels = graph.region[graph.labels]
    band = max(2, len(pixels) // 60)
    top = np.bincount(pixels[:band].ravel(), minlength=count) / pixels[:band].size
    bottom = np.bincount(pixels[-band:].ravel(), minlength=count) / pixels[-band:].size
    return top, bottom


def _colour_likelihood(graph: RegionGraph, belief: Values) -> Values:
    """How well each superpixel's colour fits what is believed to be each class (n x 4)."""
    scaled = (graph.colour * [0.6, 1.3, 1.3]).astype(np.float32)
    squares = (scaled**2).sum(axis=1)
    likeness = scaled @ scaled.T
    likeness *= 2
    likeness -= squares[:, None]
    likeness -= squares[None]
    likeness *= 1 / (2 * 7.0**2)
    likeness = cv2.exp(np.minimum(likeness, 0, out=likeness))
    weight = belief**2 * graph.area[:, None]
    return _normalised(likeness @ weight / (weight.sum(axis=0) + 1e-6) + 1e-12)


def _plausible_height(graph: RegionGraph) -> Values:
    """Floors are not overhead and ceilings not underfoot."""
    y = graph.y
    return np.stack(
        [
            _falls(y, 0.88, 0.05) * _rises(y, 0.02, 0.02),
            _rises(y, 0.55, 0.05),
            _falls(y, 0.40, 0.05),
            np.ones_like(y),
        ],
        axis=1,
    )


class _RandomWalk:
    """Spreads beliefs along borders that are hard to see."""

    def __init__(self, graph: RegionGraph) -> None:
        count = len(graph.area)
        resistance = (graph.step / 8) ** 2 + (graph.edge / 70) ** 2
        weight = np.exp(-resistance) * np.sqrt(graph.length) + 1e-4
        row = np.concatenate([graph.first, graph.second])
        column = np.concatenate([graph.second, graph.first])
        both = np.concatenate([weight, weight])
        self._affinity = csr_matrix((both, (row, column)), shape=(count, count))
        self._degree = np.asarray(self._affinity.sum(axis=1)).ravel()
        self._relative_area = graph.area / graph.area.mean()

    def settle(self, prior: Values, *, trust: float) -> Values:
        """Solve for the beliefs (n x 4) that agree with the prior and with each other."""
        pull = trust * self._degree.mean() * self._relative_area
        solver = splu((diags(self._degree + pull) - self._affinity).tocsc())
        solved = np.stack([solver.solve(pull * column) for column in prior.T], axis=1)
        return _normalised(np.clip(solved, 1e-6, None))


def _without_specks(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    keep = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PATCH * mask.size
    keep[0] = False
    return np.asarray(keep[:count][labels], np.uint8)


def _rises(value: Values, middle: float, width: float) -> Values:
    """A soft step from 0 to 1."""
    steps: Values = 1 / (1 + np.exp(-np.clip((value - middle) / width, -30, 30)))
    return steps


def _falls(value: Values, middle: float, width: float) -> Values:
    """A soft step from 1 to 0."""
    return 1 - _rises(value, middle, width)


def _normalised(values: NDArray[np.float64]) -> Values:
    total: Values = values.sum(axis=1, keepdims=True)
    return values / total
