"""Moving users between plans in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from users.models import User
from users.tests.factories import ledger_of, limiter_of, make_user
from users.tests.operators import browser_of, make_operator, messages_in, page_of

pytestmark = pytest.mark.django_db

USERS = "/admin/users/user/"


def move(browser: Client, plan: str, *users: User, **data: str) -> Any:
    chosen = [str(user.pk) for user in users]
    body = {"action": f"move_to_{plan}", "_selected_action": chosen, "index": "0", **data}
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
            f"Moved {pro}: pro → pro, 0 credits granted.",
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
    assert [button.action for button in buttons] == ["move_to_pro"]

    response = move(browser, "pro", user, from_page="1")

    assert (response.status_code, response.headers["Location"]) == (302, page_of(user))
    user.refresh_from_db()
    assert user.plan == "pro"


def test_an_operator_has_no_plan_to_move(browser: Client) -> None:
    operator = make_operator()

    response = move(browser, "pro", operator)

    assert messages_in(response) == [f"Not moved: {operator} is an operator without a plan."]
    assert browser.get(page_of(operator)).context["buttons"] == ()


def test_seeing_users_is_not_enough_to_move_them() -> None:
    user = make_user()
    browser = browser_of(make_operator("view_user"))

    move(browser, "pro", user)

    user.refresh_from_db()
    assert user.plan == "free"
    page = browser.get(page_of(user))
    assert page.status_code == 200
    assert page.context["buttons"] == ()
