"""Abandoned work ends by the clock, in the same way as all work ends (contract §1.5)."""

import logging
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.lifecycle import services
from jobs.models import JobLog
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, HOUR, MINUTE, age
from jobs.tests.factories import (
    callback_body,
    callback_path,
    claim,
    make_job,
    report,
    result_key,
    worker_api,
)
from jobs.tests.rows import all_rows, assert_books_balance
from jobs.upkeep import expiry
from jobs.upkeep.expiry import expire_jobs
from s3project.testing.race import race
from s3project.testing.sql import recorded_statements
from users.models import UserLimiter
from users.tests.factories import api_of, ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db

# Some statements' worth of time, where a limit is approached from below.
MOMENT = timedelta(seconds=30)

LIMITS = [
    (JobStatus.CREATED, DAY),
    (JobStatus.UPLOADED, 7 * DAY),
    (JobStatus.QUEUED, 30 * MINUTE),
    (JobStatus.RUNNING, 30 * MINUTE),
]


def assert_nothing_expires() -> None:
    before = all_rows()
    run = expire_jobs()
    assert (run.canceled, run.timed_out, run.postponed) == ([], [], [])
    assert all_rows() == before


@pytest.mark.parametrize(("status", "limit"), LIMITS)
def test_a_job_within_its_time_is_left_alone(status: JobStatus, limit: timedelta) -> None:
    age(make_job(status), limit - MOMENT)

    assert_nothing_expires()


@pytest.mark.parametrize(
    ("status", "limit"), [(JobStatus.CREATED, DAY), (JobStatus.UPLOADED, 7 * DAY)]
)
def test_a_job_that_nobody_executes_is_canceled_and_refunded(
    status: JobStatus, limit: timedelta
) -> None:
    job = make_job(status, items=3)
    age(job, limit + MOMENT)

    run = expire_jobs()

    assert (run.canceled, run.timed_out, run.postponed) == ([job.id], [], [])
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELED
    assert job.finished_at is not None
    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (10, 0)
    assert ledger_of(job.user)[-1] == ("rollback", 3, 10, job.public_id)
    assert JobLog.objects.get(job_id=job.id).status == "canceled"
    assert_books_balance(job.user)
    assert_nothing_expires()


def test_waiting_in_uploaded_counts_from_the_upload() -> None:
    job = make_job(JobStatus.CREATED)
    age(job, 20 * HOUR)
    services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={})
    age(job, 7 * DAY - MOMENT)
    assert_nothing_expires()

    age(job, 2 * MOMENT)

    assert expire_jobs().canceled == [job.id]


def test_a_queued_job_without_progress_fails_and_is_refunded() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    age(job, 30 * MINUTE + MOMENT)

    run = expire_jobs()

    assert (run.canceled, run.timed_out, run.postponed) == ([], [job.id], [])
    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (JobStatus.FAILED, 0, 3)
    assert (
        list(job.items.order_by("idx").values_list("status", "error"))
        == [("failed", "timeout")] * 3
    )
    assert limiter_of(job.user).active_jobs == 0
    assert ledger_of(job.user)[-1] == ("rollback", 3, 10, job.public_id)
    log = JobLog.objects.get(job_id=job.id)
    assert (log.status, log.error) == ("failed", "timeout")
    assert_books_balance(job.user)
    assert_nothing_expires()


def test_of_a_running_job_without_progress_what_was_done_stays_and_is_paid() -> None:
    job = make_job(JobStatus.QUEUED, items=4)
    report(job, 1)
    report(job, 3, ItemStatus.FAILED)
    age(job, 30 * MINUTE + MOMENT)

    assert expire_jobs().timed_out == [job.id]

    data = api_of(job.user).get(f"/jobs/{job.public_id}").data
    assert data["status"] == "done"
    assert data["progress"] == {"done": 1, "failed": 3, "total": 4}
    assert data["items"] == [
        {"idx": 0, "status": "failed", "error": "timeout"},
        {"idx": 1, "status": "done"},
        {"idx": 2, "status": "failed", "error": "timeout"},
        {"idx": 3, "status": "failed", "error": "photo 3 is broken"},
    ]
    assert [output["idx"] for output in data["outputs_ready"]] == [1]
    assert ledger_of(job.user)[-1] == ("commit", 3, 9, job.public_id)
    assert_books_balance(job.user)


def test_a_result_is_progress() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    age(job, 29 * MINUTE)
    report(job, 0)
    age(job, 29 * MINUTE)

    assert_nothing_expires()


def test_a_result_without_effect_is_no_progress() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    age(job, 31 * MINUTE)
    report(job, 0)  # a repeat

    assert expire_jobs().timed_out == [job.id]


def test_a_job_that_a_worker_has_in_hand_is_given_time() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    age(job, 45 * MINUTE)
    assert claim(job, 2) == [2]
    assert_nothing_expires()

    job.items.filter(idx=2).update(lease_expires_at=job.updated_at)  # the worker is gone

    assert expire_jobs().timed_out == [job.id]


def test_claims_without_a_result_do_not_hold_a_job_for_ever() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    age(job, 60 * MINUTE + MOMENT)
    assert claim(job, 2) == [2]

    assert expire_jobs().timed_out == [job.id]


def test_a_lease_of_the_queue_holds_no_job() -> None:
    job = make_job(JobStatus.QUEUED)
    age(job, 31 * MINUTE)
    job.items.update(lease_expires_at=Now() + 15 * MINUTE, attempt=2)

    assert expire_jobs().timed_out == [job.id]


def test_a_late_callback_changes_nothing() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    age(job, 31 * MINUTE)
    expire_jobs()
    before = all_rows()

    for key, duplicate in ((result_key(job, 1), False), (f"{job.public_id}:1:timeout", True)):
        answer = worker_api().post(callback_path(job), callback_body(job, 1, idempotency_key=key))
        assert answer.data == {
            "processed": False,
            "duplicate": duplicate,
            "job_status": "done",
            "progress": {"done": 1, "failed": 2, "total": 3},
        }

    assert claim(job, 1, 2) == []
    assert all_rows() == before


def test_finished_jobs_never_expire() -> None:
    user = make_user(plan="pro")
    for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELED):
        age(make_job(status, user=user), 400 * DAY)

    assert_nothing_expires()


def test_zero_stands_for_never(settings: Settings) -> None:
    settings.CREATED_EXPIRES_AFTER = None
    settings.UPLOADED_EXPIRES_AFTER = None
    settings.STALLED_AFTER = None
    for status, _ in LIMITS:
        age(make_job(status), 400 * DAY)

    assert_nothing_expires()


def test_a_run_is_bounded_and_takes_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "JOBS_PER_RUN", 2)
    jobs = [make_job(status) for status in (JobStatus.CREATED, JobStatus.CREATED, JobStatus.QUEUED)]
    jobs += [make_job(JobStatus.CREATED)]
    for days, job in enumerate(jobs, start=2):
        age(job, days * DAY)

    runs = [expire_jobs() for _ in range(3)]

    assert [run.canceled for run in runs] == [[jobs[3].id, jobs[1].id], [jobs[0].id], []]
    assert [run.timed_out for run in runs] == [[], [jobs[2].id], []]


def test_the_number_of_statements_does_not_grow_with_the_photos() -> None:
    with recorded_statements() as nothing_to_do:
        expire_jobs()
    assert len(nothing_to_do) == 3

    user = make_user(plan="pro")
    counts = {}
    for status in (JobStatus.CREATED, JobStatus.QUEUED):
        for items in (2, 60):
            age(make_job(status, user=user, items=items), 2 * DAY)
            with recorded_statements() as statements:
                expire_jobs()
            counts[status, items] = len(statements) - 3

    # Lock and ask again (2), the end (1 or 3), the limiter's lock, money and slot, history (3).
    assert counts[JobStatus.CREATED, 2] == counts[JobStatus.CREATED, 60] == 6
    assert counts[JobStatus.QUEUED, 2] == counts[JobStatus.QUEUED, 60] == 8


def test_a_run_says_what_it_did_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    age(make_job(JobStatus.CREATED), 2 * DAY)
    age(make_job(JobStatus.QUEUED), HOUR)

    with caplog.at_level(logging.INFO, logger="jobs.upkeep.expiry"):
        expire_jobs()

    assert caplog.messages[-1] == "expired jobs: 1 canceled, 1 timed out, 0 postponed"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cannot_be_ended_now_holds_up_no_other() -> None:
    stuck, other = make_job(JobStatus.CREATED), make_job(JobStatus.CREATED)
    age(stuck, 3 * DAY)
    age(other, 2 * DAY)
    before = limiter_of(stuck.user).credits

    def expire_meanwhile() -> expiry.ExpiryRun:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 100")
        return expire_jobs()

    with transaction.atomic():
        UserLimiter.objects.lock(stuck.user_id)
        (run,) = race(expire_meanwhile)

    assert not isinstance(run, Exception)
    assert (run.canceled, run.postponed) == ([other.id], [stuck.id])
    stuck.refresh_from_db()
    assert (stuck.status, limiter_of(stuck.user).credits) == (JobStatus.CREATED, before)
    assert expire_jobs().canceled == [stuck.id]
