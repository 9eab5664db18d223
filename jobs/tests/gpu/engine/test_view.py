from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.view import full_size, reduced_on_white, view_factor
from jobs.tests.gpu.engine.pictures import noise, opened, png_file, wall

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [
        (1600, 1200, 1),
        (2048, 9, 1),
        (2049, 1000, 2),
        (4000, 3000, 2),
        (8000, 6000, 4),
        (5000, 1, 1),
    ],
)
def test_the_view_has_at_most_2048_pixels_a_side(width: int, height: int, factor: int) -> None:
    photo = Photo(np.zeros((height, width, 3), np.uint8))
    assert view_factor(photo) == factor


def test_a_pixel_of_the_view_is_the_mean_of_a_square_of_the_photo() -> None:
    rgb = noise(50, 71)
    expected = rgb[:48, :68].reshape(12, 4, 17, 4, 3).mean(axis=(1, 3))
    assert np.abs(reduced_on_white(Photo(rgb), 4) - expected).max() <= 0.51


def test_the_view_of_a_cut_out_lies_on_white() -> None:
    photo = Photo(np.zeros((600, 40, 3), np.uint8), np.zeros((600, 40), np.uint8))
    assert (reduced_on_white(photo, 2) == 255).all()


def test_a_mask_returns_to_the_place_it_came_from() -> None:
    mask = np.zeros((30, 41), np.uint8)
    mask[10:20, 5:30] = 255
    large = full_size(mask, (123, 167), 4)
    assert large.shape == (123, 167)
    assert (large[44:76, 24:116] == 255).all()
    assert not large[:38].any()
    assert not large[:, 124:].any()


class Halves:
    """Finds the left half and remembers what it was shown."""

    name = "halves"
    version = "1"
    shown: tuple[int, ...] = ()

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        self.shown = rgb.shape
        mask = np.zeros(rgb.shape[:2], np.uint8)
        mask[:, : rgb.shape[1] // 2] = 255
        return Segmentation(dict.fromkeys(concepts, mask))


class LogoAbove(Halves):
    """Also finds a logo: the upper half."""

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        masks = dict(super().segment(rgb, concepts).masks)
        masks["Logo"] = np.zeros(rgb.shape[:2], np.uint8)
        masks["Logo"][: len(rgb) // 2] = 255
        return Segmentation(masks)


def test_a_large_photo_is_segmented_small_and_edited_at_full_size() -> None:
    picture, segmenter = np.tile(wall(79, 273), (19, 11, 1)), Halves()
    edited = Engine(segmenter).edit(png_file(picture), {"Wall": Edit("recolor", "navy")}, [])
    result = opened(edited.png)
    assert segmenter.shown == (750, 1501, 3)
    changed = (result != picture).any(axis=2)
    assert changed[:, :1480].all()
    assert not changed[:, 1520:].any()


def test_a_large_photo_is_protected_bit_for_bit() -> None:
    picture = noise(1501, 3003)
    edits = {"Wall": Edit("recolor", "navy"), "Floor": Edit("texture", "oak")}
    result = opened(Engine(LogoAbove()).edit(png_file(picture), edits, ["Logo"]).png)
    assert np.array_equal(result[:750], picture[:750])
    assert (result[800:, :1400] != picture[800:, :1400]).any(axis=2).mean() > 0.9


MEMORY = """
import resource, sys
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.tests.gpu.engine.test_view import Halves
engine = Engine(Halves())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
edits = {"Wall": Edit("recolor", "sage"), "Floor": Edit("texture", "oak"), "Body": Edit("tone")}
if sys.argv[2] == "remove":
    edits = {"Wall": Edit("remove")}
engine.edit(open(sys.argv[1], "rb").read(), edits, [])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(("edit", "limit"), [("paint", 560), ("remove", 1100)])
def test_fifty_megapixels_take_a_bounded_amount_of_memory(
    tmp_path: Path, edit: str, limit: int
) -> None:
    file = tmp_path / "large.jpg"
    file.write_bytes(
        simplejpeg.encode_jpeg(np.tile(wall(612, 816), (10, 10, 1)), quality=85, colorspace="RGB")
    )
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(file), edit],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    # ru_maxrss is in KiB on Linux. Twice 150 MB of pixels, 50 MB each for a weight and the
    # protection, and the compressed file. Removing half of it adds distances in single precision.
    assert int(run.stdout) < limit
