"""How messages put values into words."""

import pytest

from s3project.wording import (
    counted,
    hint,
    json_type,
    listed,
    nearest,
    one_line,
    quoted,
    shown,
    worth_comparing,
)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "no photos"), (1, "1 photo"), (2, "2 photos"), (200, "200 photos")]
)
def test_what_is_counted_is_singular_for_one_only(number: int, words: str) -> None:
    assert counted(number, "photo") == words


@pytest.mark.parametrize(
    ("names", "words"),
    [("a", "a"), ("ab", "a or b"), ("abcd", "a, b, c or d")],
)
def test_names_are_listed_as_people_list_them(names: str, words: str) -> None:
    assert listed(names) == words


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (3, "a number"),
        (3.5, "a number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_types_have_the_names_that_they_have_in_json(value: object, name: str) -> None:
    assert json_type(value) == name


def test_a_value_is_shown_as_it_is_written_and_never_at_length() -> None:
    assert shown("Recolor") == '"Recolor"'
    assert shown({"a": 1}) == "an object"
    assert quoted('a"b\n') == '"a\\"b\\n"'
    assert quoted("x" * 1_000_000) == f'"{"x" * 40}…"'


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Recolor", "recolor"),
        ("recolour", "recolor"),
        ("textre", "texture"),
        ("delete", None),
        ("", None),
        ("r" * 41, None),
    ],
)
def test_a_slip_is_told_from_another_word(text: str, near: str | None) -> None:
    assert nearest(text, ["recolor", "tone", "texture", "remove"]) == near


def test_only_so_many_names_of_a_client_are_compared() -> None:
    assert worth_comparing(["x" * 41, "b", "c"]) == ["b", "c"]
    assert len(worth_comparing(map(str, range(100_000)))) == 50


def test_a_hint_follows_a_sentence() -> None:
    assert (hint("oak"), hint(None)) == (" Did you mean oak?", "")


def test_one_line_is_one_line_and_keeps_every_letter() -> None:
    assert one_line("벽 é\t1\r\n2\x1b[2J\x9b\u2028") == "벽 é\t1\\r\\n2\\x1b[2J\\x9b\\u2028"
