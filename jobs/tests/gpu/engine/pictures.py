"""Small pictures, files and a segmenter for the tests of the engine."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jobs.gpu.engine.actions.base import Region
from jobs.gpu.engine.arrays import BoolMask, Floats, Mask, Rgb
from jobs.gpu.engine.lab import to_lab
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.instance import Instance

PHOTOS = Path(__file__).parents[3] / "demo" / "photos"
# A red and a blue half with a white corner, 96 x 64, made with libheif; the second one says that it
# is to be turned right.
HEIC = {
    name: (Path(__file__).parent / "samples" / f"{name}.heic").read_bytes()
    for name in ("plain", "turned")
}


def photo_file(name: str) -> bytes:
    """The bytes of a demo photo."""
    return (PHOTOS / name).read_bytes()


def wall(height: int = 80, width: int = 120, *, seed: int = 0) -> Rgb:
    """A plain surface: light falling off to one side, and grain."""
    grain = np.random.default_rng(seed).normal(0, 3, (height, width, 1))
    light = np.linspace(1.1, 0.6, width)[np.newaxis, :, np.newaxis]
    return np.clip(np.array([180, 160, 140]) * light + grain, 0, 255).astype(np.uint8)


def noise(height: int, width: int, *, seed: int = 0) -> Rgb:
    """Every pixel another colour."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return values.astype(np.uint8)


def soft(height: int, width: int) -> Rgb:
    """Large soft patches of every colour, as little as possible of what lossy formats change."""
    across = np.linspace(0, 3 * np.pi, width)[np.newaxis, :]
    down = np.linspace(0, 2 * np.pi, height)[:, np.newaxis]
    waves = [np.sin(across + down), np.sin(across - 2 * down), np.cos(2 * across + down / 2)]
    return np.stack([127.5 + 110 * wave for wave in waves], axis=-1).astype(np.uint8)


def saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """The file Pillow writes."""
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def png_file(rgb: Rgb) -> bytes:
    """A lossless file of these pixels."""
    return saved(Image.fromarray(rgb), "PNG")


def opened(data: bytes) -> Rgb:
    """The pixels Pillow reads from a file, in its own number of channels."""
    return np.asarray(Image.open(io.BytesIO(data)), np.uint8)


def left_half(height: int = 80, width: int = 120) -> Mask:
    """255 on the left, 0 on the right."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def region(weight: Mask, *, concept: str = "Wall", protected: BoolMask | None = None) -> Region:
    """A region with nothing protected unless given."""
    return Region(
        concept, weight, np.zeros(weight.shape, np.bool_) if protected is None else protected
    )


def mean_lab(rgb: Rgb) -> Floats:
    """The mean colour, L*a*b*."""
    return np.asarray(to_lab(rgb).reshape(-1, 3).mean(axis=0), np.float32)


class FixedSegmenter:
    """Finds the masks it was given and counts how often it was asked."""

    name = "fixed"
    version: str | None = "1"

    def __init__(self, masks: Mapping[str, Mask], *, absent: Sequence[str] = ()) -> None:
        self.masks, self.absent = masks, absent
        self.instances: Mapping[str, tuple[Instance, ...]] = {}
        self.doubtful: frozenset[str] = frozenset()
        self.calls: list[tuple[str, ...]] = []

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """See `Segmenter.segment`."""
        self.calls.append(tuple(concepts))
        return Segmentation(
            {name: self.masks[name] for name in concepts if name in self.masks},
            tuple(name for name in concepts if name in self.absent),
            tuple(name for name in concepts if name not in self.masks and name not in self.absent),
            {name: found for name, found in self.instances.items() if name in concepts},
            self.doubtful.intersection(concepts),
        )
