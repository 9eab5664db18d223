"""What operators do with jobs beside canceling and deleting, and who may."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY
from jobs.tests.factories import claim, make_job, report
from s3project.acts.models import Act
from users.tests.factories import ledger_of
from users.tests.operators import (
    browser_of,
    group_of_operators,
    make_operator,
    messages_in,
    page_of,
    text_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queues")]

JOBS = "/admin/jobs/jobcoordinator/"
WHY = {"confirmed": "1", "reason": "ticket 12"}


def do(browser: Client, action: str, *jobs: JobCoordinator, **data: str) -> Any:
    chosen = [str(job.pk) for job in jobs]
    body = {"action": action, "_selected_action": chosen, "index": "0", **WHY, **data}
    return browser.post(JOBS, body)


def partly_failed() -> JobCoordinator:
    job = make_job(JobStatus.QUEUED, items=2)
    report(job, 0)
    report(job, 1, ItemStatus.FAILED)
    job.refresh_from_db()
    return job


@pytest.fixture
def browser(settings: Any) -> Client:
    settings.STORAGE_RETENTION = 30 * DAY
    return browser_of(make_operator(superuser=True))


def test_stuck_photos_are_sent_again(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    claim(job, 0)

    response = do(browser, "send_again", job)

    assert messages_in(response) == [f"Sent 2 photos of {job} again."]
    assert LogEntry.objects.get().get_change_message() == messages_in(response)[0]
    done = make_job(JobStatus.DONE)
    assert messages_in(do(browser, "send_again", done))[-1] == f"Not sent: {done} is done."


def test_failed_photos_are_tried_again(browser: Client) -> None:
    job = partly_failed()

    response = do(browser, "retry_failed", job)

    again = JobCoordinator.objects.exclude(pk=job.pk).get()
    assert messages_in(response) == [f"Tried 1 photo of {job} again in {again}."]
    twice = do(browser, "retry_failed", job)
    assert messages_in(twice)[-1] == (
        f"Not tried again: {again} tries photos of {job} again already."
    )


def test_what_the_user_cannot_have_is_said(browser: Client) -> None:
    job = partly_failed()
    make_job(user=job.user)  # the one that the free plan allows

    response = do(browser, "retry_failed", job)

    assert "The free plan allows 1 unfinished job at a time" in messages_in(response)[0]


def test_photos_are_kept_for_as_many_days_as_are_given(browser: Client) -> None:
    job = make_job(JobStatus.DONE)

    page = browser.post(JOBS, {"action": "keep_longer", "_selected_action": str(job.pk)})
    assert "Days to add" in text_of(page)
    response = do(browser, "keep_longer", job, days="10")

    job.refresh_from_db()
    assert job.finished_at is not None
    assert job.kept_until == job.finished_at + 40 * DAY
    assert messages_in(response)[0].startswith(f"Photos and results of {job} are kept until 20")


@pytest.mark.parametrize("days", ["0", "-1", "367", "x", ""])
def test_another_number_of_days_is_asked_again(browser: Client, days: str) -> None:
    job = make_job(JobStatus.DONE)

    assert do(browser, "keep_longer", job, days=days).status_code == 200

    job.refresh_from_db()
    assert job.kept_until is None


def test_credits_of_a_job_are_refunded_from_its_page(browser: Client) -> None:
    job = partly_failed()
    balance = ledger_of(job.user)[-1][2]

    asked = do(browser, "refund_credits", job, confirmed="")
    assert "up to 1 credit" in text_of(asked)
    response = do(browser, "refund_credits", job, amount="1")

    assert messages_in(response) == [f"Refunded 1 credit to {job.user}, balance {balance + 1}."]
    assert ledger_of(job.user)[-1] == ("refund", 1, balance + 1, job.public_id)
    act = Act.objects.get()
    assert (act.action, act.object_id) == ("credits.refunded", job.user.public_id)
    assert (act.reason, act.details["job"]) == ("ticket 12", job.public_id)
    assert messages_in(do(browser, "refund_credits", job, amount="1"))[-1] == (
        f"Not refunded: nothing that {job} cost is left to give back."
    )
    at_work = make_job(JobStatus.QUEUED)
    assert messages_in(do(browser, "refund_credits", at_work, amount="1"))[-1] == (
        f"Not refunded: {at_work} is queued."
    )


def test_the_buttons_are_those_of_the_jobs_state(browser: Client) -> None:
    expected = {
        JobStatus.CREATED: ["cancel_jobs"],
        JobStatus.QUEUED: ["cancel_jobs", "send_again"],
        JobStatus.DONE: ["keep_longer", "refund_credits", "delete_photos"],
        JobStatus.FAILED: ["cancel_jobs", "retry_failed", "keep_longer", "delete_photos"],
        JobStatus.CANCELED: ["delete_photos"],
    }
    for status, buttons in expected.items():
        page = browser.get(page_of(make_job(status)))
        assert [button.action for button in page.context["buttons"]] == buttons, status


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("viewer", set()),
        ("billing", {"refund_credits"}),
        ("support", {"cancel_jobs", "send_again", "retry_failed", "keep_longer"}),
        (
            "admin",
            {
                *("cancel_jobs", "send_again", "retry_failed", "keep_longer", "refund_credits"),
                "delete_photos",
            },
        ),
    ],
)
@pytest.mark.usefixtures("browser")
def test_each_group_does_what_it_may_and_nothing_else(group: str, may: set[str]) -> None:
    operator = make_operator()
    operator.groups.add(group_of_operators(group))
    browser = browser_of(operator)
    jobs = {
        "cancel_jobs": make_job(JobStatus.QUEUED),
        "send_again": make_job(JobStatus.QUEUED),
        "retry_failed": partly_failed(),
        "keep_longer": make_job(JobStatus.DONE),
        "refund_credits": make_job(JobStatus.DONE),
        "delete_photos": make_job(JobStatus.DONE),
    }

    for action, job in jobs.items():
        before = Act.objects.count()
        do(browser, action, job, days="1", amount="1")
        assert (Act.objects.count() > before) == (action in may), action
        page = browser.get(page_of(job))
        assert page.status_code == 200
        assert ("Before" in text_of(page)) == (group in ("support", "admin"))
