#!/usr/bin/env python3
"""How well the cpu backend finds what a room is made of: overlap with outlines drawn by eye.

    .venv/bin/python bench/rooms/measure.py [--photos FOLDER] [--held-out]

The photos of outlines_test.json were not used for training, nor for any choice. Three of them are
the demo's; the others are not ours to pass on: FOLDER is where they lie, and the file says where
each is from and under which licence. With `--held-out` it is the photos of outlines.json that were
kept from training and by which choices are made. The overlap (intersection over union) is that of
the mask as the engine draws it.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from photos import CLASSES, HELD_OUT, OUTLINES, UNCLEAR, origin_of, painted

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.outlines import Outlines
from jobs.gpu.engine.segmenters.cpu import CpuSegmenter
from jobs.gpu.engine.segmenters.room import SURFACES, THINGS

TEST = Path(__file__).with_name("outlines_test.json")
NAMES = (*SURFACES, *THINGS)
# Less of it in a photo says little about the segmenter.
LEAST = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS, metavar="FOLDER")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    folders = (PHOTOS, options.photos)
    rows: dict[str, dict[str, float]] = {}
    missing = []
    outlines = json.loads((OUTLINES if options.held_out else TEST).read_text(encoding="utf-8"))
    for name, outline in outlines.items():
        if options.held_out and origin_of(outline) not in HELD_OUT:
            continue
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
    print(f"| **mean of {len(rows)}** | {' | '.join(cells(means))} |")
    if missing:
        print("\nNot there:", *missing, sep="\n  ")


def overlaps(rgb: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of each class that the photo shows."""
    labels = cv2.resize(labels, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    found = Outlines(CpuSegmenter().segment(rgb, NAMES), rgb, 1)
    keep = Edit("tone")  # what is painted may leave out what hangs on a wall
    clear = labels != UNCLEAR
    row = {}
    for name in NAMES:
        wanted = labels == CLASSES.index(name)
        if wanted.mean() < LEAST:
            continue
        there = name in found.found.masks
        got = found.area(name, keep, rgb).weight >= 128 if there else np.zeros_like(wanted)
        row[name] = float((wanted & got & clear).sum() / ((wanted | got) & clear).sum())
    return row


def cells(row: dict[str, float]) -> list[str]:
    return [f"{row[name]:.2f}" if name in row else "–" for name in NAMES]


if __name__ == "__main__":
    main()
