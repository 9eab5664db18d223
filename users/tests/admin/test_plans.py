"""Moving users between plans in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from s3project.acts.models import Act
from s3project.ids import USER, parse_public_id
from s3project.testing.api import Api
from users.models import User
from users.tests.factories import ledger_of, limiter_of, make_user
from users.tests.operators import browser_of, make_operator, messages_in, page_of

pytestmark = pytest.mark.django_db

USERS = "/admin/users/user/"
WHY = {"confirmed": "1", "reason": "invoice 2026-17"}


def move(browser: Client, plan: str, *users: User, **data: str) -> Any:
    chosen = [str(user.pk) for user in users]
    body = {"action": f"move_to_{plan}", "_selected_action": chosen, "index": "0", **WHY, **data}
    return browser.post(USERS, body)


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


def test_moving_users_to_a_plan_goes_through_the_service(browser: Client) -> None:
    free, pro = make_user(), make_user(plan="pro")

    response = move(browser, "pro", free, pro)

    assert sorted(messages_in(response)) == sorted(
        [
            f"Moved {free}: free → pro, 190 credits granted.",
            f"Moved {pro}: pro → pro, no credits granted.",
        ]
    )
    free.refresh_from_db()
    assert free.plan == "pro"
    assert ledger_of(free)[-1] == ("grant", 190, 200, "plan:pro")
    assert limiter_of(pro).credits == 200
    entry = LogEntry.objects.get(object_id=str(free.pk))
    assert "free → pro" in entry.get_change_message()


def test_the_button_on_the_page_moves_one_user_and_returns_there(browser: Client) -> None:
    user = make_user()
    buttons = browser.get(page_of(user)).context["buttons"]
    assert [button.action for button in buttons] == [
        "move_to_pro", "grant_credits", "refund_credits", "end_sessions", "deactivate",
        "delete_user", "export_user",
    ]  # fmt: skip

    response = move(browser, "pro", user, from_page="1")

    assert (response.status_code, response.headers["Location"]) == (302, page_of(user))
    user.refresh_from_db()
    assert user.plan == "pro"


@pytest.mark.parametrize("given", [{"confirmed": ""}, {}, {"confirmed": "1", "reason": " \0 "}])
def test_nothing_moves_without_a_reason(browser: Client, given: dict[str, str]) -> None:
    user = make_user()
    chosen = {"action": "move_to_pro", "_selected_action": str(user.pk), "index": "0"}

    page = browser.post(USERS, {**chosen, **given})

    assert (page.status_code, "Reason, for the audit log" in page.text) == (200, True)
    user.refresh_from_db()
    assert user.plan == "free"
    assert not Act.objects.exists()


def test_the_reason_stands_in_the_audit_log(browser: Client) -> None:
    user = make_user()

    move(browser, "pro", user)

    act = Act.objects.get(action="plan.changed")
    assert (act.object_id, act.reason) == (user.public_id, "invoice 2026-17")


def test_an_operator_ends_all_sessions_of_a_user(browser: Client) -> None:
    secret = "7d1c" * 10 + "a9b2e5"
    tokens = [Api().post("/auth/anon", {"device_hash": secret}).data for _ in range(2)]
    other = Api().post("/auth/anon", {}).data
    user = User.objects.get(pk=str(parse_public_id(USER, tokens[0]["user_id"])))
    body = {"action": "end_sessions", "_selected_action": str(user.pk), "index": "0", **WHY}

    response = browser.post(USERS, body)

    assert messages_in(response) == [f"Ended 2 sessions of {user}."]
    assert [Api(one["token"]).get("/me").status for one in tokens] == [401, 401]
    refreshed = Api().post("/auth/refresh", {"refresh": tokens[0]["refresh"]})
    assert refreshed.status == 401
    assert Api(other["token"]).get("/me").status == 200
    act = Act.objects.get(action="sessions.ended")
    assert (act.object_id, act.reason) == (user.public_id, "invoice 2026-17")
    assert act.details == {"sessions": 2}


def test_an_operator_has_no_plan_to_move(browser: Client) -> None:
    operator = make_operator()

    response = move(browser, "pro", operator)

    assert messages_in(response) == [f"Not done: {operator} is an operator without a plan."]
    assert browser.get(page_of(operator)).context["buttons"] == ()


def test_seeing_users_is_not_enough_to_move_them() -> None:
    user = make_user()
    browser = browser_of(make_operator("view_user"))

    move(browser, "pro", user)

    user.refresh_from_db()
    assert user.plan == "free"
    page = browser.get(page_of(user))
    assert page.status_code == 200
    assert page.context["buttons"] == []
