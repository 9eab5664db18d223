"""Changing a user's plan, and what comes with it."""

import pytest

from s3project.ids import new_id
from users import services
from users.models import UserLimiter
from users.plans import DEFAULT_PLAN, PLANS
from users.tests.factories import api_of, ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db


def test_the_plans_are_those_of_the_price_list() -> None:
    table = {
        name: (
            plan.initial_credits,
            plan.max_concurrency,
            plan.max_rules,
            plan.max_items_per_job,
        )
        for name, plan in PLANS.items()
    }

    assert table == {"free": (10, 1, 2, 10), "pro": (200, 3, 20, 200)}
    assert DEFAULT_PLAN == "free"


def test_reaching_a_plan_grants_the_difference_once() -> None:
    user = make_user()

    granted = [
        services.set_plan(user_id=user.id, plan=plan) for plan in ("pro", "pro", "free", "pro")
    ]

    assert granted == [190, 0, 0, 0]
    assert ledger_of(user) == [
        ("grant", 10, 10, "plan:free"),
        ("grant", 190, 200, "plan:pro"),
    ]
    assert limiter_of(user).credits == 200


def test_the_difference_does_not_depend_on_what_was_spent_or_given() -> None:
    user = make_user()
    services.grant_credits(user_id=user.id, amount=50)
    UserLimiter.objects.lock(user.id).reserve(new_id(), 7)

    granted = services.set_plan(user_id=user.id, plan="pro")

    assert granted == 190
    assert limiter_of(user).credits == 10 + 50 - 7 + 190


def test_an_unknown_plan_changes_nothing() -> None:
    user = make_user()

    with pytest.raises(KeyError):
        services.set_plan(user_id=user.id, plan="platinum")

    user.refresh_from_db()
    assert user.plan == "free"
    assert ledger_of(user) == [("grant", 10, 10, "plan:free")]


def test_an_unknown_user_has_no_plan_to_change() -> None:
    with pytest.raises(UserLimiter.DoesNotExist):
        services.set_plan(user_id=new_id(), plan="pro")


def test_the_token_of_before_shows_the_plan_of_now() -> None:
    user = make_user()
    api = api_of(user)

    services.set_plan(user_id=user.id, plan="pro")

    assert api.get("/me").data == {
        "user_id": user.public_id,
        "plan": "pro",
        "credits": 200,
        "active_jobs": 0,
        "rule_slots": {"used": 0, "max": 20},
        "max_concurrency": 3,
        "max_items_per_job": 200,
        "storage": {"used_mib": 0, "limit_mib": 102_400, "counted_at": None},
    }
