from __future__ import annotations

import re
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.pipeline import Engine
from jobs.presets import layers
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, noise, opened, png_file, wall
from jobs.tests.gpu.engine.test_protect import blob

INTERIOR = layers("interior")
RED, BLUE = Edit("recolor", "#c02020"), Edit("recolor", "#2020c0")
EVERYTHING = np.full((80, 120), 255, np.uint8)
EDITS = [
    RED, Edit("recolor", "white"), Edit("tone", "warm:0.5"), Edit("texture", "oak"), Edit("remove"),
]  # fmt: skip
# What a client may be shown of an item's error, after the words before the colon.
PLAIN = re.compile(r"nothing to change: [\w ,()-]{1,181}")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_the_picture_does_not_depend_on_the_order_of_writing(
    data: st.DataObject, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    names = ["Wall", "Floor", "Window", "sofa", "Chair"]
    chosen = data.draw(st.lists(st.sampled_from(EDITS), min_size=3, max_size=5))
    edits = dict(zip(names, chosen, strict=False))
    masks = {name: blob(rng, 40, 50) for name in (*names, "Logo", "Grout")}
    protect = ["Logo", "Grout", "Light"][: int(rng.integers(0, 4))]
    picture, engine = noise(40, 50, seed=seed), Engine(FixedSegmenter(masks))

    def result(order: list[str], kept: list[str]) -> tuple[bytes, tuple[str, ...]] | str:
        concepts = {name: edits[name] for name in order}
        try:
            edited = engine.edit(png_file(picture), concepts, kept, layers=INTERIOR)
        except NothingToChange as error:
            return error.reason
        return edited.png, edited.warnings

    expected = result(list(edits), protect)
    shuffled = data.draw(st.permutations(list(edits)))
    assert result(shuffled, data.draw(st.permutations(protect))) == expected


def test_all_orders_of_three_edits_and_two_protections_give_the_same_bytes() -> None:
    masks = {"Wall": EVERYTHING, "Window": left_half(), "Door": 255 - left_half() // 2}
    masks |= {"Grout": left_half().T.copy().reshape(80, 120), "Logo": left_half() // 3}
    engine = Engine(FixedSegmenter(masks))
    edits = {"Wall": RED, "Window": Edit("remove"), "Door": Edit("texture", "oak")}
    results = {
        engine.edit(
            png_file(wall()), {name: edits[name] for name in names}, kept, layers=INTERIOR
        ).png
        for names in permutations(edits)
        for kept in (["Grout", "Logo"], ["Logo", "Grout"])
    }
    assert len(results) == 1


@pytest.mark.parametrize("names", [("Wall", "Window"), ("Handle", "a name of one's own")])
def test_the_more_specific_concept_lies_on_top(names: tuple[str, str]) -> None:
    below, above = names
    engine = Engine(FixedSegmenter({below: EVERYTHING, above: left_half()}))
    for edits in ({below: RED, above: BLUE}, {above: BLUE, below: RED}):
        result = opened(engine.edit(png_file(wall()), edits, [], layers=INTERIOR).png)
        assert result[40, 20, 2] > result[40, 20, 0]
        assert result[40, 100, 0] > result[40, 100, 2]


def test_free_names_come_after_the_presets_and_by_name() -> None:
    edits = dict.fromkeys(["b", "floor", "Handle", "a", "Wall"], RED)
    assert [*Order(edits, layers=INTERIOR).edits] == ["Wall", "floor", "Handle", "a", "b"]


def test_a_product_and_its_background_lie_under_what_is_on_them() -> None:
    assert layers("seller")[:3] == ("Product", "Background", "Body")
    assert layers("no such preset") == ()


def test_every_edit_is_worked_out_on_the_original() -> None:
    masks = {"Wall": EVERYTHING, "Window": left_half()}
    engine = Engine(FixedSegmenter(masks))
    both = {"Wall": Edit("tone", "dark"), "Window": Edit("tone", "warm")}
    alone = {"Window": Edit("tone", "warm")}
    results = [
        opened(engine.edit(png_file(wall()), edits, [], layers=INTERIOR).png)
        for edits in (both, alone)
    ]
    assert np.array_equal(results[0][:, :50], results[1][:, :50])


def test_a_soft_border_between_two_edits_lets_nothing_of_the_old_through() -> None:
    ramp = np.zeros((80, 120), np.uint8)
    ramp[:] = np.clip(np.arange(120) * 4 - 112, 0, 255)
    grey = np.full((80, 120, 3), 128, np.uint8)
    engine = Engine(FixedSegmenter({"Body": ramp, "Parts": 255 - ramp}))
    result = opened(engine.edit(png_file(grey), {"Body": RED, "Parts": RED}, []).png)
    assert (np.ptp(result[:, 5:115].astype(int), axis=(0, 1)) <= 1).all()


def test_what_is_removed_is_filled_from_the_new_wall() -> None:
    hole = np.zeros((80, 120), np.uint8)
    hole[30:50, 50:70] = 255
    picture = wall()
    picture[hole > 0] = (20, 200, 30)
    engine = Engine(FixedSegmenter({"Wall": 255 - hole, "Light": hole}))
    edits = {"Light": Edit("remove"), "Wall": BLUE}
    result = opened(engine.edit(png_file(picture), edits, [], layers=INTERIOR).png)
    filled = result[33:47, 53:67].reshape(-1, 3).astype(int)
    assert (filled[:, 2] > filled[:, 0] + 40).all()
    assert (filled[:, 2] > filled[:, 1] + 40).all()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (7, 1), (2, 3), (5, 4), (40, 30)])
def test_rooms_of_any_size_are_no_trouble(height: int, width: int) -> None:
    """Surfaces above each other, soft and hard, everything edited; whatever comes of it."""
    actions = [*EDITS, Edit("texture", "marble")]
    for seed in range(25):
        rng = np.random.default_rng(seed)
        names = ["Wall", "Floor", "Ceiling", "Window"]
        masks = {name: blob(rng, height, width) for name in names}
        if seed % 2:
            first, last = sorted(rng.integers(0, height + 1, 2))
            for name, rows in zip(
                ("Ceiling", "Wall", "Floor"),
                (slice(0, first), slice(first, last), slice(last, height)),
                strict=True,
            ):
                masks[name] = np.zeros((height, width), np.uint8)
                masks[name][rows] = 255
        picture = noise(height, width, seed=seed) if seed % 3 else wall(height, width, seed=seed)
        edits = {name: actions[rng.integers(len(actions))] for name in names}
        try:
            edited = Engine(FixedSegmenter(masks)).edit(png_file(picture), edits, [])
        except NothingToChange:
            continue
        assert opened(edited.png).shape == picture.shape


def test_what_is_edited_and_protected_is_protected_whole() -> None:
    hole = np.zeros((80, 120), np.uint8)
    hole[20:60, 30:90] = 255
    engine = Engine(FixedSegmenter({"Wall": hole, "Floor": 255 - hole}))
    edits = {"Wall": RED, "Floor": BLUE}
    edited = engine.edit(png_file(wall()), edits, ["wall", "Wall"], layers=INTERIOR)
    assert edited.warnings[0] == "Wall: is to be protected as well, left unchanged"
    assert np.array_equal(opened(edited.png)[hole > 0], wall()[hole > 0])
    only_floor = engine.edit(png_file(wall()), {"Floor": BLUE}, ["Wall"], layers=INTERIOR)
    assert edited.png == only_floor.png


@pytest.mark.parametrize(
    ("edits", "protect", "reasons"),
    [
        ({"Wall": Edit("recolor", "plaid")}, [], "unknown value plaid (Wall)"),
        ({"Wall": Edit("recolor", "#12345")}, [], "unknown value 12345 (Wall)"),
        ({"Window": RED}, [], "not found (Window)"),
        ({"Sofa": RED, "Door": RED}, [], "not supported (Door, Sofa)"),
        ({"Wall": RED}, ["Wall"], "protected (Wall)"),
        ({"Wall": RED}, ["All"], "protected (Wall)"),
        ({"All": Edit("remove")}, [], "nothing to fill it from (All)"),
        ({"Wall": Edit("tone", "warm:9")}, [], "unknown value warm 9 (Wall)"),
        (
            {"Wall": RED, "Window": BLUE, "http://a.b/c": BLUE},
            ["All"],
            "not found (Window), not supported (http a b c), protected (Wall)",
        ),
        ({"Wall": Edit("tone", "dark", instances=(3,))}, [], "not found (Wall)"),
    ],
)
def test_when_nothing_could_be_changed_the_photo_fails_and_says_why(
    edits: dict[str, Edit], protect: list[str], reasons: str
) -> None:
    masks = {"Wall": left_half(), "All": EVERYTHING}
    engine = Engine(FixedSegmenter(masks, absent=["Window"]))
    with pytest.raises(NothingToChange) as caught:
        engine.edit(png_file(wall()), edits, protect, layers=INTERIOR)
    assert caught.value.reason == f"nothing to change: {reasons}"
    assert PLAIN.fullmatch(caught.value.reason)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    names=st.lists(st.text(min_size=1, max_size=64), min_size=1, max_size=12, unique=True),
    value=st.text(min_size=1, max_size=200),
)
def test_the_reasons_are_plain_words_whatever_a_client_wrote(names: list[str], value: str) -> None:
    engine = Engine(FixedSegmenter(dict.fromkeys(names[::2], EVERYTHING)))
    with pytest.raises(NothingToChange) as caught:
        engine.edit(png_file(wall()), dict.fromkeys(names, Edit("tone", "no " + value)), [])
    assert PLAIN.fullmatch(caught.value.reason)


def test_one_edit_that_could_be_made_is_enough() -> None:
    engine = Engine(FixedSegmenter({"Wall": left_half()}))
    edited = engine.edit(png_file(wall()), {"Wall": RED, "Sofa": RED}, [])
    assert edited.warnings == ("Sofa: not supported by the fixed backend, left unchanged",)


def test_what_is_in_doubt_is_not_found_by_an_edit_and_protected_all_the_same() -> None:
    masks = {"Wall": left_half(), "Floor": 255 - left_half(), "All": EVERYTHING}
    segmenter = FixedSegmenter(masks)
    segmenter.doubtful = frozenset({"Wall"})
    engine = Engine(segmenter)
    for _ in ("looked at", "remembered"):
        with pytest.raises(NothingToChange) as caught:
            engine.edit(png_file(wall()), {"Wall": RED}, [])
        assert caught.value.reason == "nothing to change: not found (Wall)"
        edited = engine.edit(png_file(wall()), {"Wall": RED, "Floor": BLUE}, [])
        assert edited.warnings == ("Wall: not found in this photo",)
        assert list(edited.places) == ["Floor"]
        floor = engine.edit(png_file(wall()), {"Floor": BLUE}, [])
        assert edited.png == floor.png
    kept = engine.edit(png_file(wall()), {"All": RED}, ["Wall"])
    assert kept.warnings == ()
    protected = left_half() == 255
    assert np.array_equal(opened(kept.png)[protected], wall()[protected])
    assert not np.array_equal(opened(kept.png)[:, 110:], wall()[:, 110:])


def test_a_thing_that_has_its_colour_already_is_an_edit_all_the_same() -> None:
    flat = np.full((80, 120, 3), 128, np.uint8)
    edits = {"Body": Edit("recolor", "#808080"), "Parts": Edit("tone", "vivid:0")}
    engine = Engine(FixedSegmenter({"Body": left_half(), "Parts": 255 - left_half()}))
    assert np.abs(opened(engine.edit(png_file(flat), edits, []).png).astype(int) - 128).max() <= 1


def test_what_the_preset_protects_and_is_not_there_is_left_out_in_silence() -> None:
    masks = {"Wall": left_half(), "Floor": 255 - left_half()}
    engine = Engine(FixedSegmenter(masks, absent=["Window"]))
    for defaulted, warnings in (
        (True, ()),
        (
            False,
            (
                "Window: not found in this photo, nothing to protect",
                "Grout: not supported by the fixed backend, could not be protected",
            ),
        ),
    ):
        protect = ["Window", "Grout", "Floor"]
        edited = engine.edit(png_file(wall()), {"Wall": RED}, protect, protect_defaulted=defaulted)
        assert edited.warnings == warnings
        assert np.array_equal(opened(edited.png)[:, 60:], wall()[:, 60:])


@pytest.mark.parametrize("upper", EDITS)
def test_a_concept_under_two_spellings_is_edited_once_and_the_other_is_said(upper: Edit) -> None:
    soft = left_half() // 3 * 2
    engine = Engine(FixedSegmenter({"Wall": soft, "wall": soft}))
    picture = png_file(wall())

    result = engine.edit(picture, {"Wall": BLUE, "wall": upper}, [])

    assert result.png == engine.edit(picture, {"wall": upper}, []).png
    assert result.warnings == ("Wall: wall is the same concept and lies over it, left unchanged",)


def test_two_spellings_may_share_the_instances_of_a_concept() -> None:
    engine = Engine(FixedSegmenter({"Wall": EVERYTHING, "wall": EVERYTHING}))
    picture = png_file(wall(80, 120))
    part = Edit("recolor", "white", instances=(5,))

    result = engine.edit(picture, {"Wall": RED, "wall": part}, [])

    assert result.png == engine.edit(picture, {"Wall": RED}, []).png
    assert result.warnings == ("wall: no instance 5, there is one, number 0",)
