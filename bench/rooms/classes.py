"""What a network in training tells apart, and how it wants its pictures."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from jobs.gpu.engine.arrays import Floats, Rgb

CLASSES = (
    *("Wall", "Floor", "Ceiling", "Window", "Door", "Cabinet", "Light", "Other"),
    *("Countertop", "Furniture", "Curtain", "Rug", "Appliance", "Decoration"),
)
"""In the order of the network's answer. From Other on: what stands in a room."""


def prepared(picture: Rgb) -> Floats:
    """A picture whose sides are multiples of 32 as the network takes it, 5xhxw: red, green and
    blue, and where a pixel lies, across and down, all from -1 to 1."""
    rows, columns = picture.shape[:2]
    colours = (picture.astype(np.float32) - 127) / 128
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    places = ((across + 0.5) / columns * 2 - 1, (down + 0.5) / rows * 2 - 1)
    return np.stack([*colours.transpose(2, 0, 1), *places]).astype(np.float32)
