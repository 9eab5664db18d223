"""Edits as people write them."""

import pytest

from s3sets.edits import edits, read_assignment, read_edit


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("recolor:sage", {"action": "recolor", "value": "sage"}),
        ("tone:warm:0.5", {"action": "tone", "value": "warm:0.5"}),
        ("recolor: #9db4a0 ", {"action": "recolor", "value": "#9db4a0"}),
        ("recolor", {"action": "recolor", "value": ""}),
        ("remove", {"action": "remove"}),
    ],
)
def test_an_edit_is_an_action_and_its_value(text: str, edit: object) -> None:
    assert read_edit(text) == edit


@pytest.mark.parametrize(
    ("text", "concept", "edit"),
    [
        ("Wall=recolor:sage", "Wall", {"action": "recolor", "value": "sage"}),
        (
            "Window[0, 2]=recolor:navy",
            "Window",
            {"action": "recolor", "value": "navy", "instances": [0, 2]},
        ),
        ("Body[all]=recolor:navy", "Body", {"action": "recolor", "value": "navy", "paint": "all"}),
        ("Handle=remove", "Handle", {"action": "remove"}),
        ("front door=tone:dark", "front door", {"action": "tone", "value": "dark"}),
    ],
)
def test_an_assignment_names_the_concept(text: str, concept: str, edit: object) -> None:
    assert read_assignment(text) == (concept, edit)


@pytest.mark.parametrize(
    "text",
    ["Wall", "=recolor:sage", "Wall=paint:sage", "Wall[x]=recolor:a", "Wall[all]=remove", "W[=a"],
)
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_assignment(text)


def test_texts_and_objects_may_be_mixed() -> None:
    wall = {"action": "recolor", "value": "sage"}

    assert edits({"Wall": wall, "Floor": "texture:oak"}) == {  # type: ignore[dict-item]  # both kinds
        "Wall": wall,
        "Floor": {"action": "texture", "value": "oak"},
    }
