"""Canceling jobs from the admin: who may, what is asked, what is said."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.tests.rows import all_rows
from s3project.acts.models import Act
from s3project.testing.race import race
from users.tests.factories import limiter_of
from users.tests.operators import browser_of, make_operator, messages_in, page_of, text_of

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/jobcoordinator/"


def cancel(browser: Client, *jobs: JobCoordinator, **data: str) -> Any:
    """The operator chooses Cancel, and says yes unless the data says otherwise."""
    chosen = [str(job.pk) for job in jobs]
    body = {"action": "cancel_jobs", "_selected_action": chosen, "confirmed": "1"}
    body |= {"reason": "asked by the user", **data}
    return browser.post(JOBS, body)


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


def test_who_may_only_see_jobs_cannot_cancel_them() -> None:
    job = make_job(JobStatus.RUNNING)
    browser = browser_of(make_operator("view_jobcoordinator"))
    before = all_rows()

    page = browser.get(page_of(job))
    cancel(browser, job)

    assert (page.status_code, page.context["buttons"]) == (200, [])
    assert "cancel_jobs" not in browser.get(JOBS).content.decode()
    after = all_rows()
    assert after["jobs_jobcoordinator"] == before["jobs_jobcoordinator"]
    assert after["billing_events"] == before["billing_events"]


def test_who_may_change_jobs_can_cancel_them() -> None:
    job = make_job(JobStatus.RUNNING)

    cancel(browser_of(make_operator("change_jobcoordinator")), job)

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELED


def test_who_may_neither_see_nor_change_jobs_is_turned_away() -> None:
    job = make_job()
    browser = browser_of(make_operator("view_user"))

    assert browser.get(JOBS).status_code == 403
    assert browser.get(page_of(job)).status_code == 403
    assert cancel(browser, job).status_code == 403


def test_cancel_asks_first_and_says_what_will_happen(browser: Client) -> None:
    running, done = make_job(JobStatus.RUNNING), make_job(JobStatus.DONE)
    before = all_rows()

    body = {"action": "cancel_jobs", "_selected_action": [running.pk, done.pk], "index": "0"}
    response = browser.post(JOBS, body)

    text = text_of(response)
    assert "Cancel this job?" in text
    assert "2 credits to the user" in text
    assert f"Not canceled: {done} is done." in text
    assert all_rows() == before


@pytest.mark.parametrize(
    ("status", "message", "refund"),
    [
        (JobStatus.CREATED, "Canceled {}: 2 credits refunded.", 2),
        (JobStatus.UPLOADED, "Canceled {}: 2 credits refunded.", 2),
        (JobStatus.QUEUED, "Canceled {}: 2 credits refunded.", 2),
        (JobStatus.RUNNING, "Canceled {}: 2 credits refunded.", 2),
        (JobStatus.FAILED, "Canceled {}: no credits refunded.", 0),
        (JobStatus.DONE, "Not canceled: {} is done.", 0),
        (JobStatus.CANCELED, "Nothing to do: {} is already canceled.", 0),
    ],
)
def test_cancel_says_what_became_of_the_job(
    browser: Client, status: JobStatus, message: str, refund: int
) -> None:
    job = make_job(status)
    credits = limiter_of(job.user).credits

    response = cancel(browser, job)

    assert messages_in(response) == [message.format(job.public_id)]
    assert limiter_of(job.user).credits == credits + refund
    job.refresh_from_db()
    assert job.status == (JobStatus.DONE if status == JobStatus.DONE else JobStatus.CANCELED)
    noted = LogEntry.objects.filter(object_id=str(job.pk)).count()
    assert noted == (1 if message.startswith("Canceled") else 0)


def test_several_jobs_are_canceled_one_by_one(browser: Client) -> None:
    created, done, running = map(make_job, (JobStatus.CREATED, JobStatus.DONE, JobStatus.RUNNING))

    response = cancel(browser, created, done, running)

    assert sorted(messages_in(response)) == sorted(
        [
            f"Canceled {created}: 2 credits refunded.",
            f"Canceled {running}: 2 credits refunded.",
            f"Not canceled: {done} is done.",
        ]
    )


@pytest.mark.parametrize("reason", ["", "  ", "\0"])
def test_nothing_is_canceled_without_a_reason(browser: Client, reason: str) -> None:
    job = make_job(JobStatus.RUNNING)

    page = cancel(browser, job, reason=reason)

    assert "Say why: nothing was done." in text_of(page)
    job.refresh_from_db()
    assert job.status == JobStatus.RUNNING


def test_the_reason_of_a_cancel_stands_in_the_audit_log(browser: Client) -> None:
    job = make_job(JobStatus.RUNNING)

    cancel(browser, job, reason="  stuck for an hour ")

    act = Act.objects.get(action="job.canceled")
    assert (act.object_id, act.reason) == (job.public_id, "stuck for an hour")


def test_the_button_on_the_page_returns_there(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED)
    buttons = browser.get(page_of(job)).context["buttons"]
    assert [button.action for button in buttons] == ["cancel_jobs", "send_again"]

    response = cancel(browser, job, from_page="1")

    assert (response.status_code, response.headers["Location"]) == (302, page_of(job))
    buttons = browser.get(page_of(job)).context["buttons"]
    assert [button.action for button in buttons] == ["delete_photos"]


def test_more_jobs_than_an_operator_can_wait_for_are_refused(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3project.admin.acting.Deed.at_once", 2)
    jobs = [make_job() for _ in range(3)]

    response = cancel(browser, *jobs)

    assert messages_in(response) == ["At most 2 jobs at once."]
    assert not JobCoordinator.objects.filter(status=JobStatus.CANCELED).exists()


def test_one_credit_is_one_credit(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=1)
    body = {"action": "cancel_jobs", "_selected_action": str(job.pk), "index": "0"}

    assert "1 credit to the user" in text_of(browser.post(JOBS, body))
    assert messages_in(cancel(browser, job)) == [f"Canceled {job}: 1 credit refunded."]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_somebody_holds_is_reported_as_busy(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED)

    def cancel_impatiently() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return cancel(browser, job)

    with transaction.atomic():
        JobCoordinator.objects.lock(job.pk)
        (response,) = race(cancel_impatiently)

    assert messages_in(response) == [f"Not done: {job} is busy right now, try again."]
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
