#!/usr/bin/env python3
"""What becomes of damaged files: refused, read all the same, or read wrong.

    .venv/bin/python bench/broken_files.py [--files 1000] [--kinds JPEG PNG]

Every kind of file is damaged in eight ways at random places. Prints a table in Markdown: how many
were refused, how many have all their pixels in spite of it, how many were read with wrong ones,
and of how many of these another strict decoder complains, which should be none.
"""

import argparse
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from jobs.tests.gpu.engine.formats.broken import DAMAGE, complained_of, kinds_of_files, outcome

SOURCE = PROJECT / "jobs" / "demo" / "photos" / "interior_living_room.jpg"
SIZE = (384, 256)
SEED = 20261125


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=1000, help="damaged files of each kind")
    parser.add_argument("--kinds", nargs="*", help="only kinds that begin with one of these")
    parser.add_argument("--keep", type=Path, help="write what was read wrong into this folder")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rgb = np.asarray(Image.open(SOURCE).convert("RGB").resize(SIZE))
    print("| kind | refused | all pixels there | wrong | … of which a decoder complains |")
    print("|---|---:|---:|---:|---:|")
    wrong_by_damage: Counter[str] = Counter()
    for number, (kind, whole) in enumerate(kinds_of_files(rgb).items()):
        if arguments.kinds and not kind.startswith(tuple(arguments.kinds)):
            continue
        rng = np.random.default_rng([SEED, number])
        counts: Counter[str] = Counter()
        for index in range(arguments.files):
            name = list(DAMAGE)[index % len(DAMAGE)]
            data = DAMAGE[name](whole, rng)
            result = outcome(data, whole)
            counts[result] += 1
            if result == "wrong":
                wrong_by_damage[f"{kind}: {name}"] += 1
                counts["complaints"] += complained_of(data, kind)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{kind} {index} {name}").write_bytes(data)
        columns = ("refused", "whole", "wrong", "complaints")
        print(f"| {kind} | " + " | ".join(str(counts[one]) for one in columns) + " |", flush=True)
    print("\nWrong, by damage:", dict(wrong_by_damage))


if __name__ == "__main__":
    main()
