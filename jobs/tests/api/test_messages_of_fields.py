"""What is said of a field that is wrong
(contract §3.1).
"""

from typing import Any

import pytest

from jobs.tests.api.messages import JOB, RULE, WALL, refused, told
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

A_NAME = "n" * 65


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/jobs",
            {},
            refused(
                ("preset", "This field is required."),
                ("item_count", "This field is required unless items is given."),
                message="preset: This field is required. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs",
            {"presets": "interior", "item_count": 1},
            refused(("preset", 'This field is required. "presets" is not known: a slip?')),
        ),
        (
            "/jobs",
            {**JOB, "preset": "Interior"},
            refused(
                ("preset", 'Must be interior or seller, not "Interior". Did you mean interior?')
            ),
        ),
        (
            "/jobs",
            {**JOB, "preset": "garden"},
            refused(("preset", 'Must be interior or seller, not "garden".')),
        ),
        (
            "/jobs",
            {**JOB, "preset": None},
            refused(("preset", "Must be interior or seller, not null.")),
        ),
        (
            "/jobs",
            {**JOB, "preset": ["interior"]},
            refused(("preset", "Must be interior or seller, not an array.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": "3"},
            refused(("item_count", "Must be an integer, not a string.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": True},
            refused(("item_count", "Must be an integer, not a boolean.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 3.5},
            refused(("item_count", "Must be an integer, not 3.5.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 201},
            refused(("item_count", "Must be from 1 to 200, not 201.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 10**300},
            refused(("item_count", "Must be from 1 to 200.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": [{}], "item_count": 2},
            refused(("items", "Must have as many elements as item_count says, 2, not 1.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": []},
            refused(("items", "Must not be empty.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": ["a.jpg"]},
            refused(("items.0", "Must be an object, not a string.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": [{}] * 201},
            refused(("items", "Must have at most 200 elements, not 201.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": ["a"]},
            refused(("metadata", "Must be an object, not an array.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": dict.fromkeys(map(str, range(17)), "")},
            refused(("metadata", "Must have at most 16 texts, not 17.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"": "x", "b": 1}},
            refused(
                ("metadata.", "The name must not be empty."),
                ("metadata.b", "Must be a string, not a number."),
                message="metadata.: The name must not be empty. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"a": "\u0000"}},
            refused(("metadata.a", "Must not contain NUL (U+0000).")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"a": "\ud800"}},
            refused(("metadata.a", "Must not contain half of a surrogate pair (U+D800).")),
        ),
        (
            "/jobs/check",
            {**JOB, "concept": WALL},
            refused(
                (
                    "concepts",
                    "This field is required unless rule_id is given. "
                    '"concept" is not known: a slip?',
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "Recolor", "value": "sage"}}},
            refused(
                (
                    "concepts.Wall.action",
                    'Must be recolor, tone, texture or remove, not "Recolor". '
                    "Did you mean recolor?",
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "recolor"}}},
            refused(
                (
                    "concepts.Wall.value",
                    'This field is required: recolor needs a value, "" for the default.',
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "recolor", "value": "", "paint": "All"}}},
            refused(("concepts.Wall.paint", 'Must be all, not "All". Did you mean all?')),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {A_NAME: {}, "Wall": "sage", "Floor": {"action": 1}}},
            refused(
                (f"concepts.{A_NAME[:64]}…", "The name must have at most 64 characters, not 65."),
                ("concepts.Wall", "Must be an object, not a string."),
                (
                    "concepts.Floor.action",
                    "Must be recolor, tone, texture or remove, not a number.",
                ),
                message=f"concepts.{A_NAME[:64]}…: The name must have at most 64 characters, "
                "not 65. 2 more fields are wrong.",
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": "Wall"},
            refused(("protect", "Must be an array, not a string.")),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": ["", 1]},
            refused(
                ("protect.0", "The name must not be empty."),
                ("protect.1", "Must be a string, not a number."),
                message="protect.0: The name must not be empty. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": [""] * 30},
            refused(
                *((f"protect.{n}", "The name must not be empty.") for n in range(20)),
                ("body", "And 10 more."),
                message="protect.0: The name must not be empty. 29 more fields are wrong.",
            ),
        ),
        (
            "/rules",
            {**RULE, "name": "  "},
            refused(("name", "Must not be empty.")),
        ),
        (
            "/rules",
            {**RULE, "name": "n" * 101},
            refused(("name", "Must have at most 100 characters, not 101.")),
        ),
        ("/rules", {**RULE, "concepts": {}}, refused(("concepts", "Must not be empty."))),
        (
            "/rules",
            {**RULE, "concepts": None},
            refused(("concepts", "Must be an object, not null.")),
        ),
        ("/auth/refresh", {}, refused(("refresh", "This field is required."))),
        (
            "/auth/anon",
            {"device_hash": 12},
            refused(("device_hash", "Must be a string, not a number.")),
        ),
    ],
)
def test_a_field_that_is_wrong_is_said_with_what_it_takes(
    path: str, body: object, expected: tuple[int, str, str, Any]
) -> None:
    assert told(api_of(make_user()).post(path, body)) == expected
