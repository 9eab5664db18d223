"""Counting the arrays, objects and keys of a body before anything is made of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3project.api.json_body import (
    BEGINNING,
    MAX_PARTS,
    _has_too_many_parts,
    _parts,
    _without_strings,
)

TEXTS = st.text(alphabet='[{:"\\a\n', max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def made(value: Any) -> int:
    """Arrays, objects and keys of a value."""
    if isinstance(value, list):
        return 1 + sum(map(made, value))
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(made, value.values()))
    return 0


@given(VALUES)
def test_what_stands_in_strings_is_no_part(value: Any) -> None:
    assert _parts(_without_strings(json.dumps(value))) == made(value)


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        ('{"a": [' + "{}," * (MAX_PARTS - 4) + "{}]}", False),
        ('{"a": [' + "{}," * (MAX_PARTS - 3) + "{}]}", True),
        # Behind what was looked at first, and behind quotes that end no string.
        (" " * BEGINNING + "[" * (MAX_PARTS + 1), True),
        ('["' + '\\"' * BEGINNING + '", ' + "[" * MAX_PARTS, True),
        ('["' + "\\\\" * BEGINNING + '", ' + "[" * MAX_PARTS, True),
        ('["' + "[{:" * BEGINNING + '"]', False),
        ("[" + '"::",' * BEGINNING + "1]", False),
    ],
)
def test_more_than_may_be_made_are_too_many_wherever_they_stand(text: str, too_many: bool) -> None:
    assert _has_too_many_parts(text) is too_many
