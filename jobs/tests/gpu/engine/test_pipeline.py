from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import ModelError, PhotoError
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.engine.surfaces import SKETCH_SIDE, settled
from jobs.gpu.engine.view import shrunk
from jobs.tests.gpu.engine.pictures import (
    FixedSegmenter,
    left_half,
    mean_lab,
    opened,
    photo_file,
    png_file,
    saved,
    wall,
)


def test_a_room_gets_its_edits_and_keeps_what_is_protected() -> None:
    data = photo_file("interior_waiting_room.jpg")
    segmenter = load_segmenter("cpu")
    edited = Engine(segmenter).edit(
        data,
        {"Wall": Edit("recolor", "sage"), "Floor": Edit("texture", "oak"), "Door": Edit("remove")},
        ["Ceiling", "Grout"],
    )
    before, after = decode(data), decode(edited.png)
    assert (edited.width, edited.height) == (1600, 1200)
    assert edited.warnings == (
        "Door: not supported by the cpu backend, left unchanged",
        "Grout: not found in this photo, nothing to protect",
    )
    seen = space_of(before.icc_profile).shown(before.rgb)
    found = segmenter.segment(seen, ["Ceiling", "Wall", "Floor"])
    ceiling = settled(found, shrunk(seen, SKETCH_SIDE))[0].masks["Ceiling"] >= 64
    assert np.array_equal(after.rgb[ceiling], before.rgb[ceiling])
    assert ceiling[found.masks["Ceiling"] >= 64].mean() > 0.97
    assert (
        mean_lab(after.rgb[400:440, 900:1050])[1] < mean_lab(before.rgb[400:440, 900:1050])[1] - 3
    )
    assert mean_lab(after.rgb[1000:1150, 700:950])[2] > 20
    assert after.icc_profile == before.icc_profile
    assert Image.open(io.BytesIO(edited.preview)).size == (512, 384)
    stages = {"decode", "recall", "segment", "outline", "paints", "light", "edit", "encode"}
    assert edited.timings.keys() == stages | {"places", "preview", "keep"}


def test_a_product_changes_and_its_background_does_not() -> None:
    data = photo_file("product_coffee_cup.png")
    edited = Engine(load_segmenter("cpu")).edit(data, {"Body": Edit("recolor", "navy")}, [])
    before, after = decode(data).rgb, decode(edited.png).rgb
    assert edited.warnings == ()
    assert np.array_equal(after[:30, 500:], before[:30, 500:])
    assert mean_lab(after[250:300, 80:120])[2] < -10


def test_without_edits_the_photo_comes_back_as_it_was() -> None:
    segmenter = FixedSegmenter({})
    edited = Engine(segmenter).edit(png_file(wall()), {}, ["Wall"])
    assert np.array_equal(opened(edited.png), wall())
    assert (edited.warnings, segmenter.calls) == ((), [])


def test_a_photo_is_segmented_once_for_edits_and_protection() -> None:
    segmenter = FixedSegmenter({"Wall": left_half(), "Logo": 255 - left_half()})
    Engine(segmenter).edit(
        png_file(wall()), {"Wall": Edit("tone", "warm"), "Logo": Edit("tone", "dark")}, ["Logo"]
    )
    assert segmenter.calls == [("Logo", "Wall", "Floor", "Ceiling")]


def test_each_photo_gets_its_own_masks() -> None:
    class Brightest:
        name = "brightest"
        version = "1"

        def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
            bright = np.where(rgb.min(axis=2) > 128, 255, 0).astype(np.uint8)
            return Segmentation(dict.fromkeys(concepts, bright))

    engine = Engine(Brightest())
    for side in (np.s_[:, :30], np.s_[:, 30:]):
        picture = np.full((40, 60, 3), 20, np.uint8)
        picture[side] = 220
        result = opened(engine.edit(png_file(picture), {"Wall": Edit("recolor", "red")}, []).png)
        changed = (result != picture).any(axis=2)
        assert changed[side].mean() > 0.9
        assert changed.mean() < 0.6


def test_what_could_not_be_done_is_said() -> None:
    engine = Engine(FixedSegmenter({"Wall": left_half(), "Door": left_half()}, absent=["Window"]))
    edited = engine.edit(
        png_file(wall()),
        {
            "Wall": Edit("recolor", "plaid"),
            "Window": Edit("tone", "warm"),
            "Sofa": Edit("remove"),
            "Door": Edit("tone", "dark"),
        },
        ["Window", "Gloss"],
        layers=("Wall", "Window", "Door"),
    )
    assert edited.warnings == (
        "Window: is to be protected as well, left unchanged",
        "Sofa: not supported by the fixed backend, left unchanged",
        "Gloss: not supported by the fixed backend, could not be protected",
        "Wall: unknown colour or material 'plaid', left unchanged",
    )


def test_the_result_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(wall(40, 60)), "PNG", exif=exif)
    edited = Engine(FixedSegmenter({})).edit(data, {}, [])
    assert (edited.width, edited.height) == (40, 60)
    assert np.array_equal(opened(edited.png), np.rot90(wall(40, 60), -1))


def test_transparency_is_kept() -> None:
    alpha = left_half()
    picture = Image.fromarray(np.dstack([wall(), alpha]))
    engine = Engine(FixedSegmenter({"Body": alpha}))
    edited = engine.edit(saved(picture, "PNG"), {"Body": Edit("recolor", "red")}, [])
    assert np.array_equal(opened(edited.png)[..., 3], alpha)


def test_a_file_that_is_no_photo_fails() -> None:
    with pytest.raises(PhotoError):
        Engine(FixedSegmenter({})).edit(b"hello", {}, [])


def test_a_model_that_cannot_run_fails_the_photo() -> None:
    class Broken:
        name = "broken"
        version = "1"

        def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
            raise ModelError("out of order")

    with pytest.raises(ModelError):
        Engine(Broken()).edit(png_file(wall()), {"Wall": Edit("tone", "warm")}, [])


def test_the_same_photo_gives_the_same_bytes() -> None:
    engine = Engine(FixedSegmenter({"Wall": left_half()}))
    edits = {"Wall": Edit("texture", "concrete")}
    one, other = (engine.edit(png_file(wall()), edits, []).png for _ in range(2))
    assert one == other
