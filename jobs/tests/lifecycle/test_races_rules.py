"""Rules made, changed and deleted at the same instant, and what would happen without the guards."""

from typing import Any

import pytest

from jobs.errors import RuleNotFound
from jobs.lifecycle import rules
from jobs.models import Rule
from jobs.models.rule import RuleQuerySet
from s3project.testing.race import names, race, race_without_locks
from users.models import User
from users.tests.factories import api_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

RULE: dict[str, Any] = {
    "name": "Oak",
    "preset_id": "interior",
    "concepts": {"Floor": {"action": "recolor", "value": "oak_a"}},
    "protect": [],
}


def make_rule(user: User) -> Rule:
    return rules.create_rule(user_id=user.id, **RULE)


def used_and_there(user: User) -> tuple[int, int]:
    return limiter_of(user).rule_slots_used, Rule.objects.filter(user=user).count()


def test_of_twelve_rules_at_once_the_free_plan_takes_exactly_two() -> None:
    user = make_user()
    api = api_of(user)

    answers = race(*[lambda: str(api.post("/rules", RULE).status)] * 12)

    assert names(answers) == ["201"] * 2 + ["403"] * 10
    assert used_and_there(user) == (2, 2)


def test_control_without_the_lock_all_twelve_rules_are_made() -> None:
    user = make_user()
    api = api_of(user)

    answers = race_without_locks(*[lambda: str(api.post("/rules", RULE).status)] * 12)

    assert names(answers) == ["201"] * 12
    assert used_and_there(user) == (12, 12)


def test_of_two_deletes_of_a_rule_one_frees_the_slot_and_the_other_finds_nothing() -> None:
    user = make_user()
    api = api_of(user)
    make_rule(user)
    rule_id = make_rule(user).public_id

    answers = race(*[lambda: str(api.delete(f"/rules/{rule_id}").status)] * 2)

    assert names(answers) == ["200", "404"]
    assert used_and_there(user) == (1, 1)


def test_control_without_counting_deleted_rows_a_slot_is_freed_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make_user()
    make_rule(user)
    rule = make_rule(user)
    delete = RuleQuerySet.delete

    def believe(self: RuleQuerySet) -> tuple[int, dict[str, int]]:
        delete(self)
        return 1, {}

    monkeypatch.setattr(RuleQuerySet, "delete", believe)

    race(*[lambda: rules.delete_rule(user_id=user.id, rule_id=rule.id)] * 2)

    assert used_and_there(user) == (0, 1)


def test_eight_deletes_and_eight_creates_at_once_leave_used_equal_to_the_rules() -> None:
    user = make_user()
    ours = [make_rule(user).id for _ in range(2)]

    def delete(index: int) -> str:
        rules.delete_rule(user_id=user.id, rule_id=ours[index % 2])
        return "deleted"

    def create() -> str:
        make_rule(user)
        return "created"

    outcomes = names(race(*[lambda i=i: delete(i) for i in range(8)], *[create] * 8))

    assert outcomes.count("deleted") == 2
    assert outcomes.count("RuleNotFound") == 6
    assert outcomes.count("created") + outcomes.count("RuleSlotFull") == 8
    used, there = used_and_there(user)
    assert used == there == outcomes.count("created") <= 2


def test_two_edits_of_different_parts_both_last() -> None:
    user = make_user()
    rule = make_rule(user)

    edited = race(
        lambda: rules.update_rule(user_id=user.id, rule_id=rule.id, name="Walnut"),
        lambda: rules.update_rule(user_id=user.id, rule_id=rule.id, protect=["Grout"]),
    )

    rule.refresh_from_db()
    assert (rule.name, rule.protect) == ("Walnut", ["Grout"])
    # The later of the two was answered with both.
    seen = [(row.name, row.protect) for row in edited if isinstance(row, Rule)]
    assert ("Walnut", ["Grout"]) in seen


def test_control_without_the_lock_neither_edit_is_answered_with_both() -> None:
    user = make_user()
    rule = make_rule(user)

    edited = race_without_locks(
        lambda: rules.update_rule(user_id=user.id, rule_id=rule.id, name="Walnut"),
        lambda: rules.update_rule(user_id=user.id, rule_id=rule.id, protect=["Grout"]),
    )

    seen = [(row.name, row.protect) for row in edited if isinstance(row, Rule)]
    assert sorted(seen) == [("Oak", ["Grout"]), ("Walnut", [])]


@pytest.mark.parametrize("_", range(5))
def test_an_edit_beside_a_delete_is_made_or_finds_nothing(_: int) -> None:
    user = make_user()
    rule = make_rule(user)

    edited, deleted = race(
        lambda: rules.update_rule(user_id=user.id, rule_id=rule.id, name="Walnut"),
        lambda: rules.delete_rule(user_id=user.id, rule_id=rule.id),
    )

    assert isinstance(edited, Rule | RuleNotFound)
    assert deleted is None
    assert used_and_there(user) == (0, 0)
