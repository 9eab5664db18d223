"""The same room photographed in another colour space: it must look the same before and after."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine.arrays import Floats, Rgb
from jobs.gpu.engine.lab import to_lab
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.tests.gpu.engine.colour.test_space import by_littlecms
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, mean_lab, opened, saved, wall
from jobs.tests.gpu.engine.profiles import WIDE

# CIE 1976 colour difference: 2.3 is just noticeable side by side. The photo itself, in 8 bits of a
# wide space and back, is off by 0.2 to 0.8 on average.
PAINT: Final = 1.0
ON_AVERAGE: Final = 2.5
PREVIEW: Final = 2.5
EDITS = [
    Edit("recolor", "#30a050"),
    Edit("recolor", "navy"),
    Edit("recolor", "white"),
    Edit("recolor", "terracotta"),
    Edit("texture", "oak"),
    Edit("texture", "brick"),
    Edit("tone", "warm"),
    Edit("tone", "cool"),
    Edit("tone", "vivid"),
    Edit("tone", "dark"),
]
ROOM = wall(160, 240)
WALL = left_half(160, 240)


def edited(
    rgb: Rgb, profile: bytes | None, edit: Edit, *, concept: str = "Wall", **masks: Rgb
) -> EditedPhoto:
    engine = Engine(FixedSegmenter({concept: WALL, **masks}))
    options = {} if profile is None else {"icc_profile": profile}
    data = saved(Image.fromarray(rgb), "PNG", **options)
    return engine.edit(data, {concept: edit}, list(masks))


def off(one: Rgb, other: Rgb) -> Floats:
    return np.asarray(np.linalg.norm(to_lab(one) - to_lab(other), axis=-1), np.float32)


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit.action} {edit.value}")
def test_the_result_is_displayed_as_that_of_the_same_photo_in_srgb(edit: Edit, name: str) -> None:
    profile = WIDE[name]
    expected = edited(ROOM, None, edit)
    result = edited(by_littlecms(ROOM, None, profile), profile, edit)

    file = Image.open(io.BytesIO(result.png))
    assert file.info["icc_profile"] == profile
    shown = by_littlecms(np.asarray(file, np.uint8), profile, None)
    painted = np.s_[:, :118]
    ours, theirs = shown[painted], opened(expected.png)[painted]
    assert off(ours, theirs).mean() < ON_AVERAGE
    assert np.linalg.norm(mean_lab(ours) - mean_lab(theirs)) < PAINT
    assert off(opened(result.preview), opened(expected.preview)).mean() < PREVIEW


@pytest.mark.parametrize("name", WIDE)
def test_paint_is_displayed_in_the_colour_asked_for(name: str) -> None:
    # A ware is: the paint of a room depends on its light.
    plain = np.full((160, 240, 3), (150, 140, 130), np.uint8)
    wide = by_littlecms(plain, None, WIDE[name])
    result = edited(wide, WIDE[name], Edit("recolor", "#30a050"), concept="Body")
    shown = by_littlecms(opened(result.png), WIDE[name], None)
    for picture in (shown[10:150, 10:100], opened(result.preview)[10:150, 10:100]):
        wanted = np.full_like(picture, (0x30, 0xA0, 0x50))
        assert off(picture, wanted).mean() < PAINT


def test_without_the_conversion_it_would_not() -> None:
    # What the numbers of #30a050 look like in Display P3: the fault this guards against.
    numbers = np.full((1, 1, 3), (0x30, 0xA0, 0x50), np.uint8)
    assert off(by_littlecms(numbers, WIDE["Display P3"], None), numbers)[0, 0] > 8


@pytest.mark.parametrize("name", WIDE)
def test_protected_pixels_keep_their_numbers(name: str) -> None:
    wide = by_littlecms(ROOM, None, WIDE[name])
    protected = np.zeros_like(WALL)
    protected[40:80, 20:60] = 255
    result = opened(edited(wide, WIDE[name], Edit("recolor", "navy"), Grout=protected).png)
    kept = protected > 0
    assert np.array_equal(result[kept], wide[kept])
    assert np.array_equal(result[:, 180:], wide[:, 180:])
    assert not np.array_equal(result, wide)


@pytest.mark.parametrize("name", WIDE)
def test_models_see_what_a_person_sees(name: str) -> None:
    class Eye(FixedSegmenter):
        seen: Rgb

        def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
            self.seen = rgb
            return super().segment(rgb, concepts)

    eye = Eye({"Wall": WALL})
    wide = by_littlecms(ROOM, None, WIDE[name])
    data = saved(Image.fromarray(wide), "PNG", icc_profile=WIDE[name])
    Engine(eye).edit(data, {"Wall": EDITS[0]}, [])
    assert off(eye.seen, ROOM).mean() < 1
