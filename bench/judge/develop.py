#!/usr/bin/env python3
"""Carries out every order of the judge with the engine of one version of this project.

    .venv/bin/python bench/judge/develop.py --photos PHOTOS --out RESULTS/before [--code CHECKOUT]

`--code` names another checkout whose engine is meant. Results are JPEGs of 1600 pixels at most,
transparency on white as a customer's browser shows it; an order that cannot be carried out leaves
a text file with the reason. Results that are there already are kept.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when NumPy is imported


def checkout(arguments: list[str]) -> Path:
    """The checkout whose engine is meant: known before anything of it is imported."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--code", type=Path, default=Path(__file__).resolve().parents[2])
    code: Path = parser.parse_known_args(arguments)[0].code
    return code.resolve()


HERE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(checkout(sys.argv[1:])), str(HERE)]

from PIL import Image, ImageOps

import bench

bench.__path__.insert(0, str(HERE / "bench"))  # an older checkout has no judge

from bench.judge.orders import PROTECTED, edits_of, kind_of
from bench.judge.photos import LIST, JudgedPhoto, present, read_list
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.registry import load_segmenter

LONGEST = 1600


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--list", type=Path, default=LIST, help="another list of photos")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--code", type=Path, help="a checkout whose engine is meant")
    parser.add_argument("--only", nargs="*", help="names of photos")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    engine = Engine(load_segmenter("cpu"))
    for name, photo in present(read_list(arguments.list), arguments.photos).items():
        if not arguments.only or name in arguments.only:
            develop(engine, photo, arguments.photos, arguments.out)
            print(name, flush=True)


def develop(engine: Engine, photo: JudgedPhoto, photos: Path, out: Path) -> None:
    """Write the result of each order of one photo."""
    data = (photos / photo.name).read_bytes()
    for order in photo.orders:
        path = out / f"{Path(photo.name).stem}.{kind_of(order)}.jpg"
        if path.exists():
            continue
        try:
            result = engine.edit(
                data, edits_of(order), PROTECTED[photo.kind], protect_defaulted=True
            )
        except PhotoError as refusal:
            path.with_suffix(".txt").write_text(f"{refusal}\n", encoding="utf-8")
            continue
        shown(result.png).save(path, quality=92)
        if result.warnings:
            warnings = "".join(f"{warning}\n" for warning in result.warnings)
            path.with_suffix(".txt").write_text(warnings, encoding="utf-8")


def shown(data: bytes) -> Image.Image:
    """A picture on white, upright, of the size that is judged."""
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGBA", upright.size, "white")
    picture = Image.alpha_composite(paper, upright).convert("RGB")
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return picture


if __name__ == "__main__":
    main()
