#!/usr/bin/env python3
"""How well the cpu backend finds walls, floors and ceilings: overlap with outlines drawn by eye.

    .venv/bin/python bench/engine_masks.py

The outlines are coarse: a point or two per corner, furniture cut off roughly. And the segmenter
was tuned on these very photos, so that others will come out worse. It serves to notice a change
for the worse, not to promise anything.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import cv2
import numpy as np

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.segmenters.room import find_surfaces

# Points are (x, y) on a print of this width and height.
PRINT = (567, 354)
Outline = list[tuple[int, int]]

# Photo → surface → outlines of it, and outlines of what is cut out of it.
DRAWN: dict[str, dict[str, tuple[list[Outline], list[Outline]]]] = {
    "interior_kitchen.jpg": {
        "Ceiling": ([[(55, 0), (208, 63), (292, 78), (440, 62), (472, 0)]], []),
        "Wall": (
            [
                [(0, 0), (55, 0), (208, 63), (217, 68), (217, 105), (196, 98), (150, 85),
                 (110, 60), (45, 50), (0, 60)],
                [(208, 63), (292, 78), (322, 75), (322, 200), (290, 208), (288, 108), (217, 105)],
                [(386, 70), (445, 60), (443, 200), (432, 250), (410, 215), (386, 205)],
                [(508, 0), (567, 0), (567, 354), (485, 354), (482, 255), (505, 250)],
            ],
            [],
        ),
        "Floor": (
            [[(80, 354), (108, 310), (215, 268), (290, 245), (432, 258), (440, 330), (455, 354)]],
            [],
        ),
    },
    "interior_living_room.jpg": {
        "Ceiling": ([[(0, 0), (487, 0), (487, 19), (40, 23)]], []),
        "Wall": (
            [
                [(40, 23), (487, 19), (490, 49), (505, 47), (505, 285), (497, 285), (493, 157),
                 (408, 157), (405, 235), (318, 208), (185, 208), (150, 215), (118, 222),
                 (120, 285), (95, 285), (88, 175), (116, 175), (113, 127), (55, 127), (50, 205),
                 (40, 205)],
            ],
            [[(177, 92), (343, 92), (343, 186), (177, 186)]],
        ),
        "Floor": (
            [[(0, 335), (40, 335), (95, 295), (120, 313), (405, 307), (405, 293), (505, 290),
              (567, 305), (567, 353), (0, 353)]],
            [[(120, 328), (535, 328), (560, 353), (85, 353)]],
        ),
    },
    "interior_waiting_room.jpg": {
        "Ceiling": ([[(65, 0), (567, 0), (567, 32), (445, 35), (403, 58), (112, 52)]], []),
        "Wall": (
            [
                [(112, 52), (403, 58), (403, 175), (112, 175)],
                [(0, 0), (65, 0), (112, 52), (112, 225), (65, 210), (0, 215)],
                [(403, 58), (445, 35), (567, 32), (567, 200), (515, 200), (515, 90), (450, 90),
                 (445, 205), (403, 175)],
            ],
            [
                [(214, 80), (306, 80), (306, 128), (214, 128)],
                [(58, 65), (103, 85), (110, 232), (65, 215)],
            ],
        ),
        "Floor": (
            [[(135, 240), (300, 225), (300, 240), (330, 320), (400, 320), (420, 290), (567, 290),
              (567, 354), (30, 354), (60, 300)]],
            [],
        ),
    },
}  # fmt: skip


def main() -> None:
    print("| photo | Wall | Floor | Ceiling |")
    print("|---|---:|---:|---:|")
    for name, surfaces in DRAWN.items():
        rgb = decode((PHOTOS / name).read_bytes()).rgb
        found, edges = find_surfaces(rgb), EdgeFollower(rgb)
        cells = []
        for surface in ("Wall", "Floor", "Ceiling"):
            wanted = drawn(*surfaces[surface], rgb.shape)
            mask = found.get(surface)
            seen = np.zeros_like(wanted) if mask is None else edges.draw(mask) >= 128
            cells.append(f"{(wanted & seen).sum() / (wanted | seen).sum():.2f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def drawn(outlines: list[Outline], cut: list[Outline], shape: tuple[int, ...]) -> np.ndarray:
    """Outlines as a mask HxW, True inside."""
    scale = np.array([shape[1] / PRINT[0], shape[0] / PRINT[1]])
    mask = np.zeros(shape[:2], np.uint8)
    for some, value in ((outlines, 1), (cut, 0)):
        for outline in some:
            cv2.fillPoly(mask, [np.rint(np.array(outline) * scale).astype(np.int32)], value)
    return mask > 0


if __name__ == "__main__":
    main()
