#!/usr/bin/env python3
"""Lays results out for eyes: a contact sheet per photo, a key, and a scoring sheet to fill in.

    .venv/bin/python bench/judge/sheets.py --photos PHOTOS --results RESULTS/before RESULTS/after \\
        --out SHEETS [--seed 1]

Each result carries a code and nothing of where it is from. With several versions the results of an
order stand side by side in an order drawn by the seed. `scores.csv` is for the judge: 1 (I would
hide it) to 5 (I would show it to a paying customer), and what the points were lost for, as
`leak:2 border:1`. `key.csv` says what a code was; whoever scores does not look into it.
"""

from __future__ import annotations

import argparse
import csv
import random
import string
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bench.judge.orders import kind_of
from bench.judge.photos import LIST, JudgedPhoto, present, read_list

TILE, COLUMNS, CAPTION, GAP = 520, 3, 22, 6
PAPER, INK = "#f6f5f2", "#3b3a36"
SCORES = ("code", "photo", "order", "score", "lost")
CODES = string.ascii_lowercase.translate(str.maketrans("", "", "aeioul"))


@dataclass(frozen=True)
class Entry:
    """One result: its code, and what is behind it. kind: room or product."""

    code: str
    version: str
    kind: str
    photo: str
    order: str


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--list", type=Path, default=LIST, help="another list of photos")
    parser.add_argument("--results", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    photos = present(read_list(arguments.list), arguments.photos)
    versions = {folder.name: folder for folder in arguments.results}
    entries = list(mixed(photos, versions, arguments.seed))
    for name in photos:
        shown = [entry for entry in entries if entry.photo == name]
        sheet(arguments.photos / name, shown, versions).save(
            arguments.out / f"{Path(name).stem}.png"
        )
    write(arguments.out / "key.csv", [field.name for field in fields(Entry)], map(astuple, entries))
    blank = [(entry.code, entry.photo, entry.order, "", "") for entry in entries]
    write(arguments.out / "scores.csv", SCORES, blank)
    print(f"{len(entries)} results on {len(photos)} sheets in {arguments.out}")


def mixed(
    photos: Mapping[str, JudgedPhoto], versions: Mapping[str, Path], seed: int
) -> Iterator[Entry]:
    """Every result of every version; those of one order follow each other, in drawn order."""
    chance = random.Random(seed)
    used: set[str] = set()
    for photo in photos.values():
        for order in map(kind_of, photo.orders):
            for version in chance.sample(sorted(versions), len(versions)):
                code = fresh_code(chance, used)
                yield Entry(code, version, photo.kind, photo.name, order)


def fresh_code(chance: random.Random, used: set[str]) -> str:
    while (code := "".join(chance.choices(CODES, k=3))) in used:
        pass
    used.add(code)
    return code


def sheet(photo: Path, entries: Sequence[Entry], versions: Mapping[str, Path]) -> Image.Image:
    """The photo, then its results in their order, three in a row."""
    with Image.open(photo) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    tiles = [tile(Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright))]
    captions = ["before"]
    for entry in entries:
        path = versions[entry.version] / f"{Path(entry.photo).stem}.{entry.order}.jpg"
        tiles.append(tile(Image.open(path)) if path.exists() else refused(path, tiles[0].size))
        captions.append(f"{entry.code}   {entry.order}")
    width, height = tiles[0].size
    columns = COLUMNS if width >= height else COLUMNS + 1
    rows = -(-len(tiles) // columns)
    paper = Image.new(
        "RGB", (columns * (width + GAP) + GAP, rows * (height + CAPTION + GAP) + GAP), PAPER
    )
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(15)
    for number, (one, caption) in enumerate(zip(tiles, captions, strict=True)):
        row, column = divmod(number, columns)
        left, top = GAP + column * (width + GAP), GAP + row * (height + CAPTION + GAP)
        draw.text((left, top), caption, fill=INK, font=font)
        paper.paste(one, (left, top + CAPTION))
    return paper


def tile(picture: Image.Image) -> Image.Image:
    box = (TILE, TILE) if picture.width >= picture.height else (TILE * 3 // 4, TILE)
    return ImageOps.contain(picture.convert("RGB"), box, Image.Resampling.LANCZOS)


def refused(path: Path, size: tuple[int, int]) -> Image.Image:
    """What stands in the place of an order that could not be carried out."""
    reason = path.with_suffix(".txt")
    text = reason.read_text(encoding="utf-8") if reason.exists() else "no result"
    paper = Image.new("RGB", size, "white")
    ImageDraw.Draw(paper).text((12, 12), text, fill=INK, font=ImageFont.load_default(15))
    return paper


def write(path: Path, header: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
