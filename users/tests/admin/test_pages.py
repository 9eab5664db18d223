"""The operators' pages of users and credits."""

from uuid import UUID

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client

from s3project import ids
from s3project.acts.actor import SYSTEM
from s3project.acts.models import Act
from s3project.testing.sql import recorded_statements
from users import services
from users.models import Reservation, User, UserLimiter
from users.models.reservation import job_ref
from users.services import delete_user
from users.tests.factories import ledger_of, limiter_of, make_user
from users.tests.operators import PASSWORD, browser_of, listed, make_operator, page_of, text_of

pytestmark = pytest.mark.django_db

USERS = "/admin/users/user/"


@transaction.atomic
def reserve(user: User, items: int) -> UUID:
    """What the creation of a job does to its user."""
    job_id = ids.new_id()
    UserLimiter.objects.lock(user.pk).reserve(job_id, items)
    return job_id


@transaction.atomic
def release(user: User, job_id: UUID, *, done: int, total: int) -> None:
    UserLimiter.objects.lock(user.pk).release(job_id, done, total)


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


# --- Who comes in --------------------------------------------------------------------------


def test_an_operator_logs_in_with_email_and_password() -> None:
    operator = make_operator(superuser=True)
    browser = Client()

    response = browser.post(
        "/admin/login/?next=/admin/", {"username": operator.email or "", "password": PASSWORD}
    )

    assert response.status_code == 302
    assert "S3 operators" in browser.get("/admin/").content.decode()


def test_who_is_not_staff_does_not_come_in() -> None:
    user = make_user()
    user.email = "anna@example.com"
    user.set_password(PASSWORD)
    user.save()
    browser = Client()

    response = browser.post("/admin/login/", {"username": user.email, "password": PASSWORD})

    assert response.status_code == 200
    assert browser.get(USERS).status_code == 302


def test_an_operator_without_permissions_sees_no_users() -> None:
    assert browser_of(make_operator()).get(USERS).status_code == 403


# --- Finding and seeing --------------------------------------------------------------------


def test_a_user_is_found_by_the_id_as_pasted_by_email_and_by_a_job(browser: Client) -> None:
    anna, other = make_user(), make_user()
    User.objects.filter(pk=anna.pk).update(email="anna@studio.example")
    job_id = reserve(anna, 2)

    assert listed(browser, User, q=f"  {anna.public_id.upper()} ") == [anna.pk]
    assert listed(browser, User, q="studio") == [anna.pk]
    assert listed(browser, User, q=job_ref(job_id)) == [anna.pk]
    assert set(listed(browser, User, q=f"{anna.public_id} {other.public_id}")) == {
        anna.pk,
        other.pk,
    }
    assert listed(browser, User, q=ids.public_id(ids.USER, ids.new_id())) == []


def test_the_list_filters_by_plan(browser: Client) -> None:
    make_user()
    pro = make_user(plan="pro")

    assert listed(browser, User, plan__exact="pro") == [pro.pk]


def test_the_list_takes_five_queries_for_fifty_users(browser: Client) -> None:
    for _ in range(50):
        make_user()

    with recorded_statements() as statements:
        response = browser.get(USERS)

    # Session, operator, second factor, the count, the page.
    assert len(statements) == 5
    assert len(response.context["cl"].result_list) == 50


def test_the_page_shows_the_limits_the_open_reservations_and_the_ledger(browser: Client) -> None:
    user = make_user(plan="pro")
    finished, unfinished = reserve(user, 3), reserve(user, 5)
    release(user, finished, done=2, total=3)
    ContentType.objects.get_for_model(User)  # read once per process

    with recorded_statements() as statements:
        response = browser.get(page_of(user))

    # Session, operator, second factor, user with the limiter, jobs, open reservations, ledger,
    # sessions, keys, webhooks, acts.
    assert len(statements) == 11
    _, reservations, ledger, *_ = response.context["panels"]
    assert [job_ref(unfinished) in row[0] for row in reservations.rows] == [True]
    assert [row[2] for row in ledger.rows] == ["+1", "-5", "-3", "+190", "+10"]
    assert job_ref(finished) in ledger.rows[0][4]
    assert (
        "Plan pro 200 photos in a job Credits 193 Unfinished jobs 1 of 3 Saved rules 0 of 20"
    ) in text_of(response)


def test_the_page_shows_the_newest_fifty_events_of_a_long_ledger(browser: Client) -> None:
    user = make_user()
    for amount in range(1, 61):
        services.grant_credits(user_id=user.pk, amount=amount)

    ledger = browser.get(page_of(user)).context["panels"][2]

    assert [row[2] for row in ledger.rows] == [f"+{amount}" for amount in range(60, 10, -1)]
    assert f"q={user.public_id}" in ledger.more


def test_the_ledger_is_browsed_by_user_and_by_job(browser: Client) -> None:
    user = make_user()
    make_user()
    job_id = reserve(user, 2)
    release(user, job_id, done=2, total=2)

    def types(query: str) -> list[str]:
        response = browser.get("/admin/users/billingevent/", {"q": query})
        return [event.type for event in response.context["cl"].result_list]

    assert types(user.public_id) == ["commit", "reserve", "grant"]
    assert types(job_ref(job_id)) == ["commit", "reserve"]
    event = user.billing_events.latest("created_at")
    page = browser.get(f"/admin/users/billingevent/{event.pk}/change/")
    assert job_ref(job_id) in page.content.decode()


def test_reservations_are_browsed_by_job(browser: Client) -> None:
    user = make_user(plan="pro")
    job_id, _ = reserve(user, 2), reserve(user, 2)

    release(user, job_id, done=2, total=2)

    assert listed(browser, Reservation, q=job_ref(job_id)) == [job_id]
    assert listed(browser, Reservation, open="no") == [job_id]
    page = browser.get(f"/admin/users/reservation/{job_id}/change/")
    assert user.public_id in page.content.decode()


# --- What may be changed -------------------------------------------------------------------


@pytest.mark.parametrize("model", ["billingevent", "reservation"])
@pytest.mark.parametrize("view", ["add/", "{}/change/", "{}/delete/"])
def test_money_cannot_be_edited_even_by_a_superuser(browser: Client, model: str, view: str) -> None:
    user = make_user()
    job_id = reserve(user, 2)
    pk = job_id if model == "reservation" else user.billing_events.get(type="reserve").pk

    response = browser.post(f"/admin/users/{model}/{view.format(pk)}", {"amount": "5"})

    assert response.status_code == 403
    assert ledger_of(user) == [
        ("grant", 10, 10, "plan:free"),
        ("reserve", -2, 8, job_ref(job_id)),
    ]


@pytest.mark.parametrize("view", ["add/", "{}/delete/"])
def test_users_are_neither_added_nor_deleted(browser: Client, view: str) -> None:
    user = make_user()

    assert browser.post(f"{USERS}{view.format(user.pk)}").status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_nothing_of_a_customer_is_edited_in_a_form(browser: Client) -> None:
    user = make_user()

    response = browser.post(page_of(user), {"plan": "pro", "credits": "999", "is_staff": "on"})

    assert response.status_code == 403
    user.refresh_from_db()
    assert (user.is_active, user.plan, user.is_staff) == (True, "free", False)
    assert limiter_of(user).credits == 10


def test_rights_are_edited_by_who_may_manage_operators() -> None:
    support = make_operator("view_user", "change_user")
    colleague = make_operator()
    body = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}

    browser_of(support).post(page_of(colleague), body)
    colleague.refresh_from_db()
    assert not colleague.is_superuser

    boss = make_operator(superuser=True)
    browser_of(boss).post(page_of(colleague), body)
    colleague.refresh_from_db()
    assert colleague.is_superuser
    act = Act.objects.get(action="rights.changed")
    assert (act.actor_id, act.object_id) == (boss.pk, colleague.public_id)
    assert act.details == {
        "changed": ["is_superuser"], "is_active": True, "is_staff": True, "is_superuser": True
    }  # fmt: skip


@pytest.mark.parametrize("superuser", [True, False])
def test_only_a_superuser_deactivates_an_operator(superuser: bool) -> None:
    support = make_operator("view_user", "change_user")
    colleague = make_operator(superuser=superuser)

    response = browser_of(support).post(page_of(colleague), {})

    assert response.status_code == 403
    colleague.refresh_from_db()
    assert colleague.is_active


def test_a_deleted_user_does_not_come_back(browser: Client) -> None:
    user = make_user()
    delete_user(user_id=user.pk, actor=SYSTEM)

    response = browser.post(page_of(user), {"is_active": "on"})

    assert response.status_code == 403
    assert browser.get(page_of(user)).status_code == 200
    user.refresh_from_db()
    assert not user.is_active
