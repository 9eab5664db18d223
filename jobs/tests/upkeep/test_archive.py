"""The items of old jobs are deleted, and nobody can tell."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, JobItem, JobItemLog, JobLog
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, age
from jobs.tests.factories import (
    callback_body,
    callback_path,
    make_job,
    poll,
    result_key,
    worker_api,
)
from jobs.tests.objects import store_input
from jobs.tests.rows import all_rows
from jobs.upkeep.archive import archive_jobs
from jobs.upkeep.orphans import Reason, find_orphans
from jobs.watch.audit import run
from jobs.watch.audit_checks import CHECKS
from s3project.testing.race import race
from s3project.testing.sql import recorded_statements
from users.models import User
from users.tests.factories import api_of, ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

FINISHED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELED)


def old_job(status: JobStatus, *, user: User | None = None, items: int = 2) -> JobCoordinator:
    """Finished a hundred days ago; what it had in the storage is gone."""
    job = make_job(status, user=user, items=items)
    age(job, 100 * DAY)
    JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())
    return job


def archived_job(status: JobStatus, *, items: int = 2) -> JobCoordinator:
    job = old_job(status, items=items)
    assert archive_jobs() == 1
    return job


def violations() -> list[str]:
    with transaction.atomic():
        return [finding.check.name for finding in map(run, CHECKS) if finding.violations]


# --- What goes and what stays ----------------------------------------------------------------


@pytest.mark.parametrize("status", FINISHED)
def test_the_items_of_an_old_job_go_and_all_else_stays(
    status: JobStatus,
) -> None:
    job = old_job(status)
    ledger = ledger_of(job.user)

    assert archive_jobs() == 1

    assert JobItem.objects.count() == 0
    assert JobCoordinator.objects.get().archived_at is not None
    assert JobLog.objects.filter(job_id=job.id).count() == 1
    assert JobItemLog.objects.filter(job_id=job.id).count() == 2
    assert ledger_of(job.user) == ledger
    assert violations() == []
    assert archive_jobs() == 0


def test_a_job_stays_while_it_is_young_or_has_photos_or_is_unfinished(settings: Settings) -> None:
    pro = make_user(plan="pro")
    young = old_job(JobStatus.DONE, user=pro)
    age(young, -11 * DAY)
    stored = old_job(JobStatus.DONE, user=pro)
    JobCoordinator.objects.filter(pk=stored.pk).update(storage_deleted_at=None)
    working = make_job(JobStatus.RUNNING, user=pro)
    age(working, 100 * DAY)
    before = all_rows()

    assert archive_jobs() == 0
    assert all_rows() == before

    settings.ARCHIVE_AFTER = 89 * DAY
    assert archive_jobs() == 1
    settings.ARCHIVE_AFTER = None
    old_job(JobStatus.DONE, user=pro)
    assert archive_jobs() == 0


def test_a_job_without_a_history_is_not_archived() -> None:
    job = old_job(JobStatus.DONE)
    JobLog.objects.all().delete()

    assert archive_jobs() == 0
    assert job.items.count() == 2


def test_one_run_is_one_statement_however_many_jobs() -> None:
    user = make_user(plan="pro")
    for _ in range(3):
        old_job(JobStatus.DONE, user=user)

    with recorded_statements() as statements:
        assert archive_jobs() == 3

    assert len(statements) == 1


# --- Nobody can tell -------------------------------------------------------------------------


@pytest.mark.parametrize("status", FINISHED)
def test_a_poll_shows_the_same_before_and_after(status: JobStatus) -> None:
    job = old_job(status)
    JobItem.objects.filter(idx=0).update(warnings=["Wall: not found in this photo"])
    JobItemLog.objects.filter(idx=0).update(warnings=["Wall: not found in this photo"])
    before = poll(job)

    archive_jobs()
    after = poll(job)

    assert after.data == before.data
    assert after.data["expired"] is True
    assert after.data["items"][0]["warnings"] == ["Wall: not found in this photo"]
    again = poll(job, after.headers["ETag"])
    assert again.status == 304


def test_warnings_are_written_into_the_history() -> None:
    job = make_job(JobStatus.QUEUED, items=1)
    result = ItemResult(
        idx=0, status=ItemStatus.DONE, idempotency_key=result_key(job, 0), warnings=["a", "b"]
    )

    services.record_item_result(job_id=job.id, result=result)

    assert JobItemLog.objects.get(job_id=job.id).warnings == ["a", "b"]


def test_an_archived_job_is_shown_to_its_owner_only() -> None:
    job = archived_job(JobStatus.DONE)
    stranger = api_of(make_user())
    missing = JobCoordinator().public_id

    for method, action in (("GET", ""), ("POST", "/cancel"), ("POST", "/confirm-upload")):
        theirs = stranger.send(method, f"/jobs/{job.public_id}{action}", b"{}")
        nobodys = stranger.send(method, f"/jobs/{missing}{action}", b"{}")
        assert (theirs.status, theirs.error) == (404, nobodys.error)


@pytest.mark.parametrize(
    "query", ["", "?status=done", "?status=failed,canceled", "?status=created", "?limit=2"]
)
def test_a_list_shows_the_same_before_and_after(query: str) -> None:
    user = make_user(plan="pro")
    for status in (*FINISHED, *FINISHED):
        old_job(status, user=user)
    make_job(user=user)
    young = make_job(JobStatus.DONE, user=user)
    before = api_of(user).get(f"/jobs{query}").data

    assert archive_jobs() == 6

    assert api_of(user).get(f"/jobs{query}").data == before
    assert JobCoordinator.objects.filter(pk=young.pk).exists()


@pytest.mark.parametrize("archive_after", [0, 1, 2])
def test_pages_miss_and_repeat_nothing_while_jobs_are_archived(archive_after: int) -> None:
    user = make_user(plan="pro")
    jobs = [old_job(JobStatus.DONE, user=user) for _ in range(5)]
    jobs.append(make_job(JobStatus.DONE, user=user))
    pages = api_of(user).pages("/jobs?limit=2")
    before = [next(pages) for _ in range(archive_after)]

    assert archive_jobs() == 5

    shown = [job["job_id"] for page in (*before, *pages) for job in page]
    assert sorted(shown) == sorted(job.public_id for job in jobs)


@pytest.mark.parametrize(
    ("status", "action", "code"),
    [
        (JobStatus.DONE, "confirm-upload", "INVALID_TRANSITION"),
        (JobStatus.DONE, "execute", "INVALID_TRANSITION"),
        (JobStatus.DONE, "cancel", "INVALID_TRANSITION"),
        (JobStatus.FAILED, "execute", "INVALID_TRANSITION"),
        (JobStatus.CANCELED, "execute", "ALREADY_CANCELED"),
        (JobStatus.CANCELED, "cancel", "ALREADY_CANCELED"),
        (JobStatus.CANCELED, "confirm-upload", "INVALID_TRANSITION"),
    ],
)
def test_an_action_is_refused_as_before(status: JobStatus, action: str, code: str) -> None:
    job = old_job(status)
    path = f"/jobs/{job.public_id}/{action}"
    before = api_of(job.user).post(path, {"concepts": {}})
    archive_jobs()
    rows = all_rows()

    after = api_of(job.user).post(path, {"concepts": {}})

    assert (after.status, after.error) == (409, before.error)
    assert after.error["code"] == code
    assert all_rows() == rows


def test_a_failed_job_is_still_relabelled() -> None:
    job = archived_job(JobStatus.FAILED)
    credits = limiter_of(job.user).credits

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert answer.data == {
        "job_id": job.public_id,
        "status": "canceled",
        "canceled": True,
        "refunded": 0,
        "credits": credits,
    }
    assert poll(job).data["status"] == "canceled"
    assert violations() == []


@pytest.mark.parametrize("status", FINISHED)
def test_a_late_callback_and_a_late_claim_change_nothing(status: JobStatus) -> None:
    job = archived_job(status)
    before = all_rows()

    late = worker_api().post(callback_path(job), callback_body(job, 0))
    claim = worker_api().post(
        f"/jobs/{job.public_id}/claim", {"items": [0, 1], "attempt": 1, "worker": "w:1"}
    )

    assert (late.data["processed"], late.data["job_status"]) == (False, status)
    assert late.data["progress"]["total"] == 2
    assert (claim.data["granted"], claim.data["job_status"]) == ([], status)
    assert worker_api().post(callback_path(job), callback_body(job, 2)).status == 400
    assert all_rows() == before


def test_what_lies_in_the_storage_of_an_archived_job_is_an_orphan() -> None:
    job = archived_job(JobStatus.DONE)
    store_input(job, 0)

    found = {orphan.key: orphan.reason for orphan in find_orphans()}

    assert found[f"inputs/{job.user.public_id}/{job.public_id}/0.jpg"] == Reason.DELETED


# --- At once ---------------------------------------------------------------------------------


def test_two_maintenance_workers_archive_each_job_once() -> None:
    user = make_user(plan="pro")
    for _ in range(3):
        jobs = [old_job(JobStatus.DONE, user=user) for _ in range(4)]

        counts = race(archive_jobs, archive_jobs)

        assert [count for count in counts if isinstance(count, Exception)] == []
        assert sum(count for count in counts if isinstance(count, int)) == 4
        assert not JobItem.objects.filter(job__in=jobs).exists()


@pytest.mark.parametrize("late", ["cancel", "callback", "claim"])
def test_an_archiving_that_crosses_another_event_loses_nothing(late: str) -> None:
    for _ in range(5):
        job = old_job(JobStatus.FAILED)
        events: dict[str, Callable[[], Any]] = {
            "cancel": partial(services.cancel_job, user_id=job.user_id, job_id=job.id),
            "callback": partial(worker_api().post, callback_path(job), callback_body(job, 0)),
            "claim": partial(
                services.claim_items, job_id=job.id, items=[0], attempt=1, worker="w:1"
            ),
        }

        outcomes = race(archive_jobs, events[late])

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
        archive_jobs()
        assert poll(job).data["status"] == ("canceled" if late == "cancel" else "failed")
        assert violations() == []
