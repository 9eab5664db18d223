"""Some instances of a concept: which pixels are theirs, and what is said of those that are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.gpu.engine.arrays import Mask
from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.gpu.engine.places import Place
from jobs.gpu.engine.segmenters.instance import Instance
from jobs.gpu.engine.selection import in_reading_order, select
from jobs.tests.gpu.engine.pictures import FixedSegmenter, opened, png_file, wall

HEIGHT, WIDTH = 80, 120
# Three windows, the surest first: in the middle, on the right, on the left.
BOXES = ((48, 10, 72, 60), (88, 20, 110, 70), (10, 20, 30, 50))
COLUMNS = (slice(10, 30), slice(48, 72), slice(88, 110))  # from left to right


def windows() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for left, top, right, bottom in BOXES:
        mask[top:bottom, left:right] = 255
    return mask


def instances() -> tuple[Instance, ...]:
    return tuple(
        Instance((left / WIDTH, top / HEIGHT, right / WIDTH, bottom / HEIGHT), 0.9 - rank / 10)
        for rank, (left, top, right, bottom) in enumerate(BOXES)
    )


class Windows(FixedSegmenter):
    def __init__(self) -> None:
        super().__init__({"Window": windows(), "Wall": 255 - windows()})
        self.instances = {"Window": instances()}


def edited(*numbers: int, engine: Engine | None = None, concept: str = "Window") -> EditedPhoto:
    edit = Edit("recolor", "navy", numbers or None)
    return (engine or Engine(Windows())).edit(png_file(wall()), {concept: edit}, ())


def changed_columns(result: EditedPhoto) -> list[bool]:
    """Which of the windows, from left to right, look different in their middle."""
    before, after = wall(), opened(result.png)
    return [
        bool((after[30:45, columns][:, 4:-4] != before[30:45, columns][:, 4:-4]).any())
        for columns in COLUMNS
    ]


def test_instances_are_numbered_from_left_to_right_whatever_their_scores() -> None:
    lefts = [one.box[0] for one in in_reading_order(instances())]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize(
    ("numbers", "changed"),
    [
        ((), [True, True, True]),
        ((0,), [True, False, False]),
        ((1,), [False, True, False]),
        ((2, 0), [True, False, True]),
        ((0, 1, 2), [True, True, True]),
    ],
)
def test_only_the_chosen_instances_are_edited(
    numbers: tuple[int, ...], changed: list[bool]
) -> None:
    result = edited(*numbers)

    assert changed_columns(result) == changed
    assert result.warnings == ()


def test_the_same_numbers_hold_when_the_masks_are_remembered() -> None:
    segmenter = Windows()
    engine = Engine(segmenter)
    edited(engine=engine)

    result = edited(1, engine=engine)

    assert changed_columns(result) == [False, True, False]
    assert len(segmenter.calls) == 1, "the photo was segmented again"


def test_a_number_that_there_is_no_instance_of_is_a_warning() -> None:
    result = edited(0, 7)

    assert changed_columns(result) == [True, False, False]
    assert result.warnings == ("Window: no instance 7, there are 3, from 0 to 2",)


def test_without_any_of_them_there_is_nothing_to_change() -> None:
    with pytest.raises(NothingToChange, match=r"^nothing to change: not found \(Window\)$"):
        edited(3, 4)


def test_a_concept_that_is_not_told_apart_is_one_instance() -> None:
    whole, few = edited(0, concept="Wall"), edited(0, 1, concept="Wall")

    assert np.array_equal(opened(whole.png), opened(edited(concept="Wall").png))
    assert few.png == whole.png
    assert few.warnings == ("Wall: no instance 1, there is one, number 0",)


def test_what_is_protected_is_protected_in_all_its_instances() -> None:
    edits = {"Wall": Edit("recolor", "navy", (0,)), "Window": Edit("recolor", "red", (0,))}

    result = Engine(Windows()).edit(png_file(wall()), edits, ("Window",))

    inside = windows() == 255
    assert np.array_equal(opened(result.png)[inside], wall()[inside])


def test_a_result_tells_the_instances_in_their_order() -> None:
    edits = {"Window": Edit("recolor", "navy")}
    places = Engine(Windows()).edit(png_file(wall()), edits, ("Wall",)).places
    window = places["Window"]
    assert [(one.box, one.score) for one in window] == [
        (one.box, one.score) for one in in_reading_order(instances())
    ]
    assert sum(one.share for one in window) == pytest.approx(1)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in sorted(BOXES)]
    assert [one.share for one in window] == pytest.approx(
        [area / sum(areas) for area in areas], abs=0.02
    )
    # It was not edited, and can be pointed at all the same.
    assert places["Wall"] == (Place((0.0, 0.0, 1.0, 1.0), 1.0),)


@given(
    st.lists(st.tuples(*[st.floats(0, 1, allow_nan=False, width=32)] * 4), min_size=1, max_size=6),
    st.data(),
)
def test_the_instances_share_the_mask_out_among_them(
    corners: list[tuple[float, float, float, float]], data: st.DataObject
) -> None:
    mask = windows()
    found = [Instance((min(a, c), min(b, d), max(a, c), max(b, d)), 0.5) for a, b, c, d in corners]

    parts = [select(mask, found, [number])[0] for number in range(len(found))]

    assert np.array_equal(np.add.reduce([part.astype(int) for part in parts]), mask.astype(int))
    some = data.draw(st.sets(st.integers(0, len(found) - 1), min_size=1))
    together, absent = select(mask, found, sorted(some))
    assert absent == ()
    assert np.array_equal(together, np.maximum.reduce([parts[number] for number in sorted(some)]))
