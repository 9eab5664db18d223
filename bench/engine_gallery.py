#!/usr/bin/env python3
"""Makes the pictures of docs/engine.md from the demo photos: what the cpu backend does to them.

    .venv/bin/python bench/engine_gallery.py

Writes docs/images/gallery.jpg and docs/images/gallery-swatches.jpg, small enough to keep in the
repository. Look at them after every change of a segmenter or an action.
"""

import io
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jobs.demo.sets import PHOTOS
from jobs.demo.sheet import contact_sheet
from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.vocabulary import MATERIALS, TEXTURES, TONES

IMAGES = PROJECT / "docs" / "images"
SELLER = ["Label_Text", "Logo", "Gloss"]
GALLERY: tuple[tuple[str, str, dict[str, Edit], list[str]], ...] = (
    (
        "Wall sage, Floor herringbone",
        "interior_living_room.jpg",
        {"Wall": Edit("recolor", "sage"), "Floor": Edit("texture", "herringbone")},
        ["Ceiling"],
    ),
    (
        "Wall terracotta, Floor walnut, Ceiling white",
        "interior_waiting_room.jpg",
        {
            "Wall": Edit("recolor", "terracotta"),
            "Floor": Edit("texture", "walnut"),
            "Ceiling": Edit("recolor", "white"),
        },
        [],
    ),
    (
        "Cabinet navy, Floor terrazzo, Wall protected",
        "interior_kitchen.jpg",
        {"Cabinet": Edit("recolor", "navy"), "Floor": Edit("texture", "terrazzo")},
        ["Wall"],
    ),
    (
        "Body navy, Label_Text, Logo and Gloss protected",
        "product_coffee_cup.png",
        {"Body": Edit("recolor", "navy")},
        SELLER,
    ),
    (
        "Body mustard, the same protected",
        "product_juice_apple.png",
        {"Body": Edit("recolor", "mustard")},
        SELLER,
    ),
    (
        "Body forest, the same protected",
        "product_mug.png",
        {"Body": Edit("recolor", "forest")},
        SELLER,
    ),
    (
        "Body coral, the same protected",
        "product_shoe.png",
        {"Body": Edit("recolor", "coral")},
        SELLER,
    ),
    (
        "Grout white, found close up",
        "texture_brick_gray.png",
        {"Grout": Edit("recolor", "white")},
        [],
    ),
)
SWATCH, COLUMNS, LABEL = (118, 78), 8, 20
PAPER, INK = "#f6f5f2", "#3b3a36"


class Everything:
    """The whole picture is whatever is asked for."""

    name = "everything"
    version = None

    def segment(self, rgb: Rgb, concepts: tuple[str, ...]) -> Segmentation:
        return Segmentation(dict.fromkeys(concepts, np.full(rgb.shape[:2], 255, np.uint8)))


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    engine = Engine(load_segmenter("cpu"))
    pairs = []
    for caption, name, edits, protect in GALLERY:
        result = engine.edit((PHOTOS / name).read_bytes(), edits, protect)
        print(name, *result.warnings, sep="\n  ")
        pairs.append((caption, PHOTOS / name, result.png))
    contact_sheet(pairs, scale=0.7).save(IMAGES / "gallery.jpg", quality=80, optimize=True)
    swatches().save(IMAGES / "gallery-swatches.jpg", quality=80, optimize=True)
    for path in sorted(IMAGES.glob("gallery*")):
        print(path.relative_to(PROJECT), f"{path.stat().st_size / 1000:.0f} kB")


def swatches() -> Image.Image:
    """A piece of lit wall in every material, texture and tone."""
    edits = [Edit("recolor", name) for name in MATERIALS]
    edits += [Edit("texture", name) for name in TEXTURES]
    edits += [Edit("tone", name) for name in TONES]
    file = io.BytesIO()
    Image.fromarray(lit_wall()).save(file, "PNG")
    engine = Engine(Everything())
    rows = -(-len(edits) // COLUMNS)
    cell = (SWATCH[0] + 8, SWATCH[1] + LABEL + 6)
    sheet = Image.new("RGB", (COLUMNS * cell[0] + 8, rows * cell[1] + 8), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, edit in enumerate(edits):
        row, column = divmod(number, COLUMNS)
        left, top = 8 + column * cell[0], 8 + row * cell[1]
        result = Image.open(io.BytesIO(engine.edit(file.getvalue(), {"Body": edit}, []).png))
        sheet.paste(result.resize(SWATCH, Image.Resampling.LANCZOS), (left, top))
        label = edit.value if edit.action == "recolor" else f"{edit.action} {edit.value}"
        draw.text((left, top + SWATCH[1] + 2), label, fill=INK, font=font)
    return sheet


def lit_wall() -> Rgb:
    """Plaster with grain, lit from the left, with the shadow of something across it."""
    height, width = 2 * SWATCH[1], 2 * SWATCH[0]
    light = np.linspace(1.1, 0.75, width)[np.newaxis, :, np.newaxis]
    rows, columns = np.mgrid[0:height, 0:width]
    shadow = 1 - 0.25 / (1 + np.exp(-(columns - 0.9 * rows - 0.35 * width) / 6))
    grain = np.random.default_rng(0).normal(0, 3, (height, width, 1))
    wall = np.array([176, 164, 150]) * light * shadow[..., np.newaxis] + grain
    return np.clip(wall, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
