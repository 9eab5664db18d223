from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from jobs.gpu.engine.actions.base import Canvas, Region
from jobs.gpu.engine.arrays import Mask
from jobs.gpu.engine.errors import NothingToChange, ProtectionError
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.protect import protected_pixels, restore
from jobs.tests.gpu.engine.pictures import FixedSegmenter, noise, opened, png_file, saved, wall

EDITS = [
    Edit("recolor", "#123456"),
    Edit("recolor", "walnut"),
    Edit("tone", "bright"),
    Edit("tone", "warm:0.5"),
    Edit("texture", "oak"),
    Edit("texture", "marble"),
    Edit("remove"),
]


def blob(rng: np.random.Generator, height: int, width: int) -> Mask:
    """A rectangle somewhere, hard or soft."""
    mask = np.zeros((height, width), np.uint8)
    top, left = rng.integers(0, height), rng.integers(0, width)
    rows, columns = rng.integers(1, height + 1), rng.integers(1, width + 1)
    mask[top : top + rows, left : left + columns] = rng.choice([90, 160, 255])
    return mask


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    seed=st.integers(0, 10_000),
    chain=st.lists(st.sampled_from(EDITS), min_size=1, max_size=4),
)
def test_protected_pixels_never_change(
    height: int, width: int, seed: int, chain: list[Edit]
) -> None:
    rng = np.random.default_rng(seed)
    masks = {f"Edit{number}": blob(rng, height, width) for number in range(len(chain))}
    masks["Wall"] = np.full((height, width), 255, np.uint8)
    masks["Logo"] = np.where(rng.random((height, width)) < 0.2, 255, 0).astype(np.uint8)
    masks["Label"] = blob(rng, height, width)
    picture = noise(height, width, seed=seed) if seed % 2 else wall(height, width, seed=seed)
    segmenter = FixedSegmenter(masks)
    concepts = {"Wall": EDITS[0]} | {f"Edit{number}": edit for number, edit in enumerate(chain)}

    try:
        result = opened(Engine(segmenter).edit(png_file(picture), concepts, ["Logo", "Label"]).png)
    except NothingToChange:
        result = picture

    protected = protected_pixels([masks["Logo"], masks["Label"]], (height, width))
    assert protected.any()
    assert np.array_equal(result[protected], picture[protected])


def test_what_lies_within_the_protection_is_left_alone_to_its_rim_and_says_so() -> None:
    body = np.zeros((60, 60), np.uint8)
    body[20:40, 20:40] = 255
    engine = Engine(FixedSegmenter({"Body": body, "Product": body, "Wall": 255 - body}))
    edits = {"Body": Edit("recolor", "red"), "Wall": Edit("tone", "dark")}
    edited = engine.edit(png_file(wall(60, 60)), edits, ["Product"])
    assert edited.warnings == ("Body: entirely protected, left unchanged",)
    without = engine.edit(png_file(wall(60, 60)), {"Wall": Edit("tone", "dark")}, ["Product"])
    assert edited.png == without.png


def test_alpha_is_protected_too() -> None:
    alpha = np.zeros((60, 60), np.uint8)
    alpha[20:40, 20:40] = 255
    picture = np.dstack([wall(60, 60), alpha])
    body, logo = alpha.copy(), np.zeros_like(alpha)
    logo[26:34, 26:34] = 255
    engine = Engine(FixedSegmenter({"Body": body, "Logo": logo}))
    edited = engine.edit(saved(Image.fromarray(picture), "PNG"), {"Body": Edit("remove")}, ["Logo"])
    result = opened(edited.png)
    assert np.array_equal(result[27:33, 27:33], picture[27:33, 27:33])
    assert result[22, 22, 3] == 0


def test_a_quarter_of_a_pixel_is_enough_to_protect_it() -> None:
    mask = np.array([[0, 63, 64, 255]], np.uint8)
    assert protected_pixels([mask], (1, 4)).tolist() == [[False, False, True, True]]


def test_protection_is_the_union_of_its_masks() -> None:
    one, other = np.array([[255, 0, 0]], np.uint8), np.array([[0, 0, 255]], np.uint8)
    assert protected_pixels([one, other], (1, 3)).tolist() == [[True, False, True]]


def test_a_mask_of_another_size_is_refused_not_stretched() -> None:
    with pytest.raises(ProtectionError):
        protected_pixels([np.zeros((4, 5), np.uint8)], (5, 4))


def test_restore_refuses_shapes_that_differ() -> None:
    with pytest.raises(ProtectionError):
        restore(wall(8, 8), wall(8, 9), np.zeros((8, 8), np.bool_))


def test_restore_brings_back_protected_pixels_only() -> None:
    edited, original = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 9, np.uint8)
    restore(edited, original, np.array([[True, False], [False, True]]))
    assert edited[..., 0].tolist() == [[9, 0], [0, 9]]


def test_an_action_that_runs_wild_cannot_touch_what_is_protected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def paint_everything(canvas: Canvas, region: Region, value: str) -> tuple[str, ...]:
        canvas.rgb[...] = 0
        return ()

    monkeypatch.setattr("jobs.gpu.engine.composition.CATALOGUE", {"tone": paint_everything})
    logo = np.zeros((40, 40), np.uint8)
    logo[10:30, 10:30] = 255
    segmenter = FixedSegmenter({"Wall": np.full_like(logo, 255), "Logo": logo})
    edited = Engine(segmenter).edit(png_file(wall(40, 40)), {"Wall": Edit("tone")}, ["Logo"])
    result = opened(edited.png)
    assert np.array_equal(result[logo > 0], wall(40, 40)[logo > 0])
    assert result[0, 0].tolist() == [0, 0, 0]
