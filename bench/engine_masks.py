#!/usr/bin/env python3
"""How well the cpu backend finds walls, floors and ceilings: overlap with outlines drawn by eye.

    .venv/bin/python bench/engine_masks.py [--photos FOLDER]

The outlines (engine_outlines.json) are coarse: a point or two per corner, furniture cut off
roughly, rugs and what hangs on a wall left out. Each photo says whether the segmenter was tuned
while looking at it. Those it has not seen are not part of this repository: FOLDER is where they
lie, and the file says where each is from and under which licence.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import cv2
import numpy as np

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.segmenters.room import find_surfaces

OUTLINES = Path(__file__).with_name("engine_outlines.json")
SURFACES = ("Wall", "Floor", "Ceiling")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS, metavar="FOLDER")
    folders = (PHOTOS, parser.parse_args().photos)
    missing = []
    overlaps: dict[tuple[str, str], list[float]] = {}
    print(f"| photo | looked at | {' | '.join(SURFACES)} |\n|---|---|---:|---:|---:|")
    for name, photo in json.loads(OUTLINES.read_text()).items():
        path = next((folder / name for folder in folders if (folder / name).exists()), None)
        if path is None:
            missing.append(f"{name}: {photo['source']} ({photo['licence']})")
            continue
        row = measured(photo, decode(path.read_bytes()).rgb)
        for surface, overlap in row.items():
            overlaps.setdefault((photo["used"], surface), []).append(overlap)
        print(f"| {name} | {photo['used']} | {' | '.join(cells(row))} |")
    for used in dict.fromkeys(used for used, _ in overlaps):
        means = {
            surface: float(np.mean(overlaps[used, surface]))
            for surface in SURFACES
            if (used, surface) in overlaps
        }
        print(f"| **mean** | {used} | {' | '.join(cells(means))} |")
    if missing:
        print("\nNot there:", *missing, sep="\n  ")


def measured(photo: dict[str, Any], rgb: np.ndarray) -> dict[str, float]:
    """Intersection over union of each surface that is outlined."""
    found, edges = find_surfaces(rgb), EdgeFollower(rgb)
    row = {}
    for surface, drawn in photo["surfaces"].items():
        wanted = filled(drawn, photo["print"], rgb.shape)
        mask = found.get(surface)
        seen = np.zeros_like(wanted) if mask is None else edges.draw(mask) >= 128
        row[surface] = float((wanted & seen).sum() / (wanted | seen).sum())
    return row


def filled(drawn: dict[str, Any], size: list[int], shape: tuple[int, ...]) -> np.ndarray:
    """Outlines in points (x, y) of a print (width, height) as a mask HxW, True inside."""
    scale = np.array([shape[1] / size[0], shape[0] / size[1]])
    mask = np.zeros(shape[:2], np.uint8)
    for outlines, value in ((drawn["outlines"], 1), (drawn["cut"], 0)):
        for outline in outlines:
            cv2.fillPoly(mask, [np.rint(np.array(outline) * scale).astype(np.int32)], value)
    return mask > 0


def cells(row: dict[str, float]) -> list[str]:
    return [f"{row[surface]:.2f}" if surface in row else "–" for surface in SURFACES]


if __name__ == "__main__":
    main()
