"""What an order says that will not happen, and what may have been meant."""

from typing import Any

import pytest

from jobs.advice import Advice, Problem, advise, advise_on_keys
from jobs.backends import Backend, backend_of
from jobs.presets import INTERIOR, PRESETS, SELLER, Preset
from jobs.vocabulary import GRADES, MATERIALS, TEXTURES, TONES, parse_hex, shade

CPU = backend_of("cpu")
SAM3 = backend_of("sam3")


def said_of(
    concepts: dict[str, tuple[str, str]],
    *,
    protect: list[str] | None = None,
    template: str | None = None,
    preset: Preset = INTERIOR,
    backend: Backend = CPU,
) -> list[Advice]:
    edits: dict[str, Any] = {
        name: {"action": action, "value": value} for name, (action, value) in concepts.items()
    }
    return advise(preset, edits, preset.protection(protect), template, backend)


def told(advice: list[Advice]) -> list[tuple[str, str | None, str | None]]:
    return [(one.problem.value, one.concept, one.suggestion) for one in advice]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("protect", [None, []])
def test_an_order_that_is_understood_needs_no_advice(
    preset: Preset, protect: list[str] | None
) -> None:
    names = [one.name for one in preset.concepts if one.name not in preset.protect_defaults]
    fine = dict.fromkeys(names, ("recolor", "sage"))

    assert said_of(fine, protect=protect, preset=preset, backend=SAM3) == []


@pytest.mark.parametrize(
    ("action", "value", "suggestion"),
    [
        ("recolor", "sagee", "sage"),
        ("recolor", "oakk", "oak"),
        ("recolor", "off whte", "offwhite"),
        ("recolor", "#9db4", "#9db"),
        ("recolor", "#9db4a0ff", "#9db4a0"),
        ("recolor", "9DB4A0", "#9db4a0"),
        ("recolor", "rgb(157, 180, 160)", "#9db4a0"),
        ("recolor", "rgba(157,180,160,0.5)", "#9db4a0"),
        ("recolor", "rgb(300,0,0)", None),
        ("recolor", "sage" * 20, None),
        ("recolor", "벽지", None),
        ("texture", "marbel", "marble"),
        ("texture", "navy", None),
        ("tone", "warm:9", "warm:1"),
        ("tone", "warn", "warm"),
        ("tone", "warm:nan", "warm:1"),
        ("tone", "warm:0,5", "warm:0.5"),
        ("tone", "warm:50%", "warm:0.5"),
        ("tone", "warm 0.25", "warm:0.25"),
        ("tone", "warm=0.5", "warm:0.5"),
        ("tone", "warm(0.5)", "warm:0.5"),
        ("tone", "warm:150%", "warm:1"),
        ("tone", "warm:-1", "warm"),
        ("tone", "warm:1.2.3", "warm:1"),
        ("recolor", "rgb(157 180 160)", "#9db4a0"),
        ("recolor", "rgb(157 180 160 / 50%)", "#9db4a0"),
        ("recolor", "0x9db4a0", "#9db4a0"),
    ],
)
def test_a_value_that_is_not_known_comes_with_what_may_have_been_meant(
    action: str, value: str, suggestion: str | None
) -> None:
    [advice] = said_of({"Wall": (action, value)})

    assert (advice.problem, advice.concept, advice.value) == (
        Problem.UNKNOWN_VALUE,
        "Wall",
        value,
    )
    assert advice.suggestion == suggestion
    assert suggestion is None or suggestion in advice.message


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("recolor", [*MATERIALS, *(f"oak_{grade}" for grade in GRADES), "Off-White", "#Abc", ""]),
        ("texture", [*TEXTURES, "oak_b", "parquet", ""]),
        ("tone", [*TONES, *(f"{tone}:0.5" for tone in TONES), "WARM:1", "cool:0", ""]),
        ("remove", ["", "anything"]),
    ],
)
def test_what_the_vocabulary_offers_is_understood(action: str, values: list[str]) -> None:
    for value in values:
        assert said_of({"Wall": (action, value)}) == []


def test_a_concept_that_nobody_knows_may_be_a_slip() -> None:
    order = {"Wal": ("recolor", "sage"), "Sofa": ("recolor", "sage")}

    assert told(said_of(order)) == [
        ("unknown_concept", "Sofa", None),
        ("unknown_concept", "Wal", "Wall"),
    ]
    # A model of open vocabulary may know a sofa.
    assert told(said_of(order, backend=SAM3)) == [("unknown_concept", "Wal", "Wall")]


def test_a_concept_that_the_backend_lacks_is_said() -> None:
    order = {"Door": ("recolor", "navy"), "wall": ("recolor", "navy")}

    assert told(said_of(order)) == [("unsupported", "Door", None)]
    assert said_of(order, backend=SAM3) == []
    own = backend_of("onnx", ["Door"])
    assert told(said_of(order, backend=own)) == [("unsupported", "wall", None)]


def test_what_is_edited_and_protected_is_said_whoever_protects_it() -> None:
    wall = {"Wall": ("recolor", "sage")}
    text = {"Label_Text": ("recolor", "black")}

    assert told(said_of(wall, protect=["wall"])) == [("protected", "Wall", None)]
    assert told(said_of(text, preset=SELLER)) == [("protected", "Label_Text", None)]
    assert said_of(text, preset=SELLER, protect=[]) == []


def test_protection_by_name_is_checked_and_that_by_default_is_not() -> None:
    wall = {"Wall": ("recolor", "sage")}

    assert told(said_of(wall, protect=["Gruot", "Handle"])) == [
        ("unknown_concept", "Gruot", "Grout"),
        ("unsupported", "Handle", None),
    ]
    assert said_of(wall, protect=None) == []


@pytest.mark.parametrize("template", ["전후비교", "before_after", "all", "전체", "", None])
def test_a_template_goes_by_its_id_or_its_alias(template: str | None) -> None:
    assert said_of({}, template=template) == []


@pytest.mark.parametrize(
    ("template", "suggestion"),
    [("before_aftr", "before_after"), ("전후비고", "전후비교"), ("thumbnails_8", None)],
)
def test_a_template_of_another_name_is_said(template: str, suggestion: str | None) -> None:
    assert told(said_of({}, template=template)) == [("unknown_template", None, suggestion)]


def test_a_key_that_is_nearly_one_of_ours_is_said_and_any_other_is_not() -> None:
    known = ["concepts", "protect", "rule_id", "output_template", "strict"]

    found = advise_on_keys(["protects", "concepts", "comment", "ruleid"], known)

    assert [(one.value, one.suggestion) for one in found] == [
        ("protects", "protect"),
        ("ruleid", "rule_id"),
    ]


def test_a_shade_is_as_far_from_its_colour_as_its_grade_says() -> None:
    oak = parse_hex(MATERIALS["oak"])
    assert oak is not None

    assert shade(oak, 0) == oak
    assert shade(oak, 4) == (204, 165, 117)
    assert shade((255, 255, 255), 4) == (255, 255, 255)
    assert shade((0, 0, 0), -12) == (0, 0, 0)


@pytest.mark.parametrize(
    ("order", "covered"),
    [
        ({"Wall": ("recolor", "navy"), "wall": ("recolor", "sage")}, ["Wall"]),
        ({"wall": ("recolor", "sage"), "Wall": ("recolor", "navy")}, ["Wall"]),
        (
            {"WALL": ("remove", ""), "Wall": ("tone", "warm"), "wall": ("tone", "")},
            ["WALL", "Wall"],
        ),
        # What does not happen covers nothing.
        ({"Floor": ("recolor", "navy"), "floor": ("recolor", "sagee")}, []),
        # Of a background that is cut away nothing is seen.
        ({"Background": ("remove", ""), "background": ("tone", "dark")}, ["background"]),
        ({"Background": ("remove", ""), "background": ("recolor", "red")}, ["Background"]),
        ({"Background": ("tone", ""), "background": ("texture", "oak")}, ["Background"]),
        ({"Wall": ("recolor", "navy"), "Walls": ("recolor", "navy")}, []),
    ],
)
def test_a_concept_under_two_spellings_is_said(
    order: dict[str, tuple[str, str]], covered: list[str]
) -> None:
    said = [one for one in said_of(order) if one.problem == Problem.REPEATED]

    assert [one.concept for one in said] == covered
    assert [one.field for one in said] == [f"concepts.{name}" for name in covered]


def test_two_spellings_that_share_instances_or_are_protected_are_not_called_repeated() -> None:
    edits: dict[str, Any] = {
        "Window": {"action": "recolor", "value": "navy"},
        "window": {"action": "recolor", "value": "sage", "instances": [0]},
    }

    assert advise(INTERIOR, edits, INTERIOR.protection([]), None, SAM3) == []
    kept = advise(INTERIOR, edits, INTERIOR.protection(["Window"]), None, SAM3)
    assert [one.problem for one in kept] == [Problem.PROTECTED, Problem.PROTECTED]


def test_which_spelling_is_made_is_told() -> None:
    order = {"Wall": ("recolor", "navy"), "wall": ("recolor", "sage")}

    [advice] = said_of(order)

    assert advice.message == "Wall and wall are one concept: Wall is left unchanged."


@pytest.mark.parametrize(
    ("word", "preset", "concept"),
    [("벽", INTERIOR, "Wall"), ("바닥", INTERIOR, "Floor"), ("product body", SELLER, "Body")],
)
def test_a_concept_is_also_known_by_its_label(word: str, preset: Preset, concept: str) -> None:
    order = {word: ("recolor", "sage")}

    assert told(said_of(order, preset=preset)) == [("unknown_concept", word, concept)]


@pytest.mark.parametrize(
    ("concept", "action", "value", "end"),
    [
        ("Wall", "recolor", "파란색", "Write #RRGGBB, or a name that GET /vocabulary lists."),
        ("Wall", "texture", "벽돌", "GET /vocabulary lists the textures."),
        ("Wall", "tone", "sepia", "GET /vocabulary lists the tones."),
        ("Sofa", "recolor", "sage", "GET /presets/interior lists those of the preset."),
    ],
)
def test_where_nothing_is_near_it_is_said_where_to_look(
    concept: str, action: str, value: str, end: str
) -> None:
    [advice] = said_of({concept: (action, value)})

    assert advice.suggestion is None
    assert advice.message.endswith(f"is left unchanged. {end}")
