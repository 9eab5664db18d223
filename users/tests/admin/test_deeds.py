"""What operators do with users, each with a reason, and who may."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client

from s3project import ids
from s3project.acts.models import Act
from users.models import Session, User, UserLimiter
from users.models.reservation import job_ref
from users.services import sign_up_anonymously
from users.tests.factories import ledger_of, limiter_of, make_user
from users.tests.operators import (
    browser_of,
    group_of_operators,
    listed,
    make_operator,
    messages_in,
    page_of,
    text_of,
)

pytestmark = pytest.mark.django_db

USERS = "/admin/users/user/"
WHY = {"confirmed": "1", "reason": "ticket 12"}


def do(browser: Client, action: str, *users: User, **data: str) -> Any:
    chosen = [str(user.pk) for user in users]
    body = {"action": action, "_selected_action": chosen, "index": "0", **WHY, **data}
    return browser.post(USERS, body)


def member_of(group: str) -> Client:
    operator = make_operator()
    operator.groups.add(group_of_operators(group))
    return browser_of(operator)


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


@transaction.atomic
def settled(user: User, *, done: int, total: int) -> str:
    job_id = ids.new_id()
    limiter = UserLimiter.objects.lock(user.pk)
    limiter.reserve(job_id, total)
    limiter.release(job_id, done, total)
    return job_ref(job_id)


# --- Money ---------------------------------------------------------------------------------


def test_credits_are_granted_with_a_reason_an_actor_and_a_reference(browser: Client) -> None:
    user = make_user()

    asked = browser.post(USERS, {"action": "grant_credits", "_selected_action": str(user.pk)})
    assert "Reason, for the audit log" in text_of(asked)
    assert limiter_of(user).credits == 10
    given = do(browser, "grant_credits", user, amount="25", ref="invoice 7")

    assert messages_in(given) == [f"Granted 25 credits to {user}, balance 35."]
    assert ledger_of(user)[-1] == ("grant", 25, 35, "invoice 7")
    act = Act.objects.get(action="credits.granted")
    operator = User.objects.get(is_staff=True)
    assert (act.actor_id, act.actor_name) == (operator.pk, operator.email)
    assert (act.object_id, act.reason, act.details["ref"]) == (
        user.public_id, "ticket 12", "invoice 7"
    )  # fmt: skip
    assert LogEntry.objects.get().get_change_message() == messages_in(given)[0]


def test_without_a_reference_the_ledger_names_the_act(browser: Client) -> None:
    user = make_user()

    do(browser, "grant_credits", user, amount="1")

    act = Act.objects.get(action="credits.granted")
    assert ledger_of(user)[-1] == ("grant", 1, 11, act.public_id)
    page = browser.get(page_of(user))
    assert f'href="/admin/acts/act/{act.pk}/change/"' in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"}, {"amount": "-5"}, {"amount": "1000001"}, {"amount": ""}, {"amount": "x"},
        {"amount": "5", "ref": "plan:pro"}, {"amount": "5", "ref": "job_1"},
        {"amount": "5", "reason": " "},
    ],
)  # fmt: skip
def test_what_cannot_be_granted_is_asked_again(browser: Client, wrong: dict[str, str]) -> None:
    user = make_user()

    response = do(browser, "grant_credits", user, **wrong)

    assert (response.status_code, limiter_of(user).credits) == (200, 10)
    assert not Act.objects.exists()


def test_a_second_grant_for_the_same_is_refused(browser: Client) -> None:
    user = make_user()
    do(browser, "grant_credits", user, amount="5", ref="invoice 7")

    again = do(browser, "grant_credits", user, amount="5", ref="invoice 7")

    assert messages_in(again)[-1] == (
        f"Not done to {user}: Credits were granted for invoice 7 already."
    )
    assert limiter_of(user).credits == 15


def test_credits_of_a_job_are_refunded(browser: Client) -> None:
    user = make_user()
    job = settled(user, done=3, total=4)

    response = do(browser, "refund_credits", user, job=job, amount="1")

    assert messages_in(response) == [f"Refunded 1 credit to {user}, balance 8."]
    assert ledger_of(user)[-1] == ("refund", 1, 8, job)
    more = do(browser, "refund_credits", user, job=job, amount="3")
    assert messages_in(more)[-1] == (f"Not done: {job} cost 2 credits that can be given back.")
    assert limiter_of(user).credits == 8


def test_a_refund_asks_for_a_whole_id(browser: Client) -> None:
    user = make_user()
    job = settled(user, done=3, total=4)

    response = do(browser, "refund_credits", user, job=job[:20], amount="1")

    assert "Give the whole id of a job: nothing was done." in text_of(response)
    assert limiter_of(user).credits == 7


# --- Accounts ------------------------------------------------------------------------------


def test_users_are_deactivated_and_reactivated(browser: Client) -> None:
    user, other = make_user(), make_user()

    gone = do(browser, "deactivate", user, other)
    user.refresh_from_db()
    assert not user.is_active
    assert sorted(messages_in(gone)) == sorted(f"Deactivated {one}." for one in (user, other))

    again = do(browser, "deactivate", user)
    assert messages_in(again)[-1] == f"Nothing to do: {user} is deactivated already."
    do(browser, "reactivate", user)
    user.refresh_from_db()
    assert user.is_active
    assert Act.objects.filter(action="user.deactivated", reason="ticket 12").count() == 2


def test_an_account_is_deleted_as_its_user_would(browser: Client) -> None:
    user = sign_up_anonymously().user

    response = do(browser, "delete_user", user)

    assert messages_in(response) == [f"Deleted the account {user.public_id}."]
    user.refresh_from_db()
    assert (user.is_active, user.deleted_at is not None) == (False, True)
    assert not Session.objects.filter(user=user).exists()
    act = Act.objects.get(action="user.deleted")
    assert (act.actor_kind, act.reason) == ("operator", "ticket 12")
    nothing = do(browser, "grant_credits", user, amount="1")
    assert messages_in(nothing)[-1] == f"Not done: {user} has deleted the account."


@pytest.mark.parametrize("action", ["refund_credits", "delete_user", "export_user"])
def test_some_acts_are_for_one_user_at_a_time(browser: Client, action: str) -> None:
    users = make_user(), make_user()

    response = do(browser, action, *users)

    assert messages_in(response) == ["At most 1 user at once."]
    assert not Act.objects.exists()


# --- Who may -------------------------------------------------------------------------------

ALL = {
    "move_to_free", "move_to_pro", "grant_credits", "refund_credits", "end_sessions", "deactivate",
    "reactivate", "delete_user", "export_user",
}  # fmt: skip
BILLING = {"move_to_free", "move_to_pro", "grant_credits", "refund_credits"}
SUPPORT = {"end_sessions", "deactivate", "reactivate"}


@pytest.mark.parametrize(
    ("group", "may"),
    [("viewer", set()), ("support", SUPPORT), ("billing", BILLING), ("admin", ALL)],
)
def test_each_group_does_what_it_may_and_nothing_else(group: str, may: set[str]) -> None:
    browser = member_of(group)
    for action in sorted(ALL):
        user = make_user(plan="pro" if action == "move_to_free" else "free")
        job = settled(user, done=1, total=1)
        if action == "reactivate":
            User.objects.filter(pk=user.pk).update(is_active=False)
        before = Act.objects.count()
        do(browser, action, user, amount="1", job=job)
        assert (Act.objects.count() > before) == (action in may), action

    assert listed(browser, User), "every group may see"


def test_groups_see_the_lists_and_the_logs() -> None:
    for group in ("viewer", "support", "billing", "admin"):
        browser = member_of(group)
        for model in (
            "users/user", "users/billingevent", "users/reservation", "jobs/jobcoordinator",
            "jobs/joblog", "jobs/rule", "jobs/webhook", "jobs/auditrun", "jobs/workerhost",
            "acts/act", "admin/logentry", "auth/group",
        ):  # fmt: skip
            assert browser.get(f"/admin/{model}/").status_code == 200, (group, model)
            assert browser.get(f"/admin/{model}/add/").status_code == 403, (group, model)


def test_who_manages_operators_gives_no_more_than_they_have() -> None:
    browser = member_of("admin")
    colleague, boss = make_operator(), make_operator(superuser=True)
    support, own = group_of_operators("support"), Group.objects.create(name="own")
    own.permissions.set(boss.user_permissions.model.objects.filter(codename="add_user"))
    body = {"is_active": "on", "is_staff": "on"}

    browser.post(page_of(colleague), {**body, "groups": [str(support.pk)]})
    assert set(colleague.groups.all()) == {support}
    # Neither a group with other rights, nor what only superusers give.
    browser.post(page_of(colleague), {**body, "groups": [str(own.pk)]})
    browser.post(page_of(colleague), {**body, "is_superuser": "on", "user_permissions": ["1"]})
    colleague.refresh_from_db()
    assert (colleague.is_superuser, colleague.user_permissions.count()) == (False, 0)
    assert own not in colleague.groups.all()

    colleague.groups.add(own)
    for other in (boss, colleague, User.objects.get(groups__name="admin")):
        assert browser.post(page_of(other), body).status_code == 403, "above, or oneself"
