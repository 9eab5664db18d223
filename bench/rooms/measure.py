#!/usr/bin/env python3
"""How well the cpu backend finds what a room is made of: overlap with outlines drawn by eye.

    .venv/bin/python bench/rooms/measure.py [--photos FOLDER]

The photos of outlines_test.json were not used for training, nor for any choice. Three of them are
the demo's; the others are not ours to pass on: FOLDER is where they lie, and the file says where
each is from and under which licence. The overlap (intersection over union) is that of the mask as
it is drawn to the picture's edges.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from photos import CLASSES, UNCLEAR, painted

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.segmenters.cpu import CpuSegmenter
from jobs.gpu.engine.segmenters.room import SURFACES, THINGS

OUTLINES = Path(__file__).with_name("outlines_test.json")
NAMES = (*SURFACES, *THINGS)
# Less of it in a photo says little about the segmenter.
LEAST = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS, metavar="FOLDER")
    folders = (PHOTOS, parser.parse_args().photos)
    rows: dict[str, dict[str, float]] = {}
    missing = []
    for name, outline in json.loads(OUTLINES.read_text(encoding="utf-8")).items():
        path = next((folder / name for folder in folders if (folder / name).exists()), None)
        if path is None:
            missing.append(f"{name}: {outline['source']} ({outline['licence']})")
        else:
            rows[name] = overlaps(decode(path.read_bytes()).rgb, painted(outline))
    print(f"| photo | {' | '.join(NAMES)} |\n|---|{'---:|' * len(NAMES)}")
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(cells(row))} |")
    means = {
        name: float(np.mean(values))
        for name in NAMES
        if (values := [row[name] for row in rows.values() if name in row])
    }
    print(f"| **mean** | {' | '.join(cells(means))} |")
    if missing:
        print("\nNot there:", *missing, sep="\n  ")


def overlaps(rgb: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of each class that the photo shows."""
    labels = cv2.resize(labels, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    found, edges = CpuSegmenter().segment(rgb, NAMES), EdgeFollower(rgb)
    clear = labels != UNCLEAR
    row = {}
    for name in NAMES:
        wanted = labels == CLASSES.index(name)
        if wanted.mean() < LEAST:
            continue
        mask = found.masks.get(name)
        got = np.zeros_like(wanted) if mask is None else edges.draw(mask) >= 128
        row[name] = float((wanted & got & clear).sum() / ((wanted | got) & clear).sum())
    return row


def cells(row: dict[str, float]) -> list[str]:
    return [f"{row[name]:.2f}" if name in row else "–" for name in NAMES]


if __name__ == "__main__":
    main()
