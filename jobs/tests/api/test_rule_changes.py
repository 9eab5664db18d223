"""Saved rules through the API: PUT replaces what it names, DELETE frees the slot at once."""

from typing import Any

import pytest

from jobs.models import Rule
from jobs.tests.rows import all_rows
from jobs.tests.rules import BAD_FIELDS, RECOLOR, RULE
from users.tests.factories import api_of, limiter_of, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Another"},
        {"concepts": {"Wall": {"action": "tone", "value": ""}}},
        {"protect": []},
        {"name": "All", "concepts": {"Tile": RECOLOR}, "protect": ["Wall"]},
    ],
)
def test_a_put_replaces_what_it_names_and_nothing_else(changes: dict[str, Any]) -> None:
    api = api_of(make_user())
    before = api.post("/rules", RULE).data

    after = api.put(f"/rules/{before['id']}", changes).data

    derived = {name: after[name] for name in ("updated_at", "warnings")}
    assert after == {**before, **changes, **derived}
    assert api.get(f"/rules/{before['id']}").data == after


def test_a_put_moves_updated_at_in_the_database() -> None:
    user = make_user()
    api = api_of(user)
    rule_id = api.post("/rules", RULE).data["id"]
    before = Rule.objects.get(user=user)

    api.put(f"/rules/{rule_id}", {"name": "Another"})

    after = Rule.objects.get(user=user)
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at


@pytest.mark.parametrize("body", [{}, {"preset_id": "interior"}, {"unknown": 1}])
def test_a_put_of_nothing_changes_nothing(body: dict[str, Any]) -> None:
    api = api_of(make_user())
    rule = api.post("/rules", RULE).data
    before = all_rows()

    assert api.put(f"/rules/{rule['id']}", body).data == rule
    assert all_rows() == before


def test_a_rule_may_be_put_back_as_it_was_read() -> None:
    api = api_of(make_user())
    rule = api.post("/rules", RULE).data

    after = api.put(f"/rules/{rule['id']}", rule).data

    assert after == {**rule, "updated_at": after["updated_at"]}


def test_the_preset_of_a_rule_cannot_be_changed() -> None:
    api = api_of(make_user())
    rule_id = api.post("/rules", RULE).data["id"]
    before = all_rows()

    answer = api.put(f"/rules/{rule_id}", {"name": "Another", "preset_id": "seller"})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == {
        "preset_id": ["Must stay interior: the preset of a rule cannot be changed."]
    }
    assert all_rows() == before


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_put_that_is_not_valid_changes_nothing(field: str, value: Any) -> None:
    api = api_of(make_user())
    rule_id = api.post("/rules", RULE).data["id"]
    before = all_rows()

    answer = api.put(f"/rules/{rule_id}", {field: value})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert all_rows() == before


def test_a_deleted_rule_is_gone_and_its_slot_free_at_once() -> None:
    user = make_user()
    api = api_of(user)
    rule_id = api.post("/rules", RULE).data["id"]

    assert api.delete(f"/rules/{rule_id}").data == {"id": rule_id, "deleted": True}

    assert api.get("/me").data["rule_slots"] == {"used": 0, "max": 2}
    for answer in (
        api.get(f"/rules/{rule_id}"),
        api.put(f"/rules/{rule_id}", {"name": "x"}),
        api.delete(f"/rules/{rule_id}"),
    ):
        assert answer.refusal == (404, "RULE_NOT_FOUND")
    assert limiter_of(user).rule_slots_used == 0
