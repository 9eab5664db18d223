"""Expiry at the same instant as another run, a result, a claim and an execute."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobLog
from jobs.states import JobStatus
from jobs.tests.clock import DAY, MINUTE, age
from jobs.tests.factories import make_job, report
from jobs.tests.rows import assert_books_balance
from jobs.upkeep.expiry import expire_jobs
from s3project.testing.race import names, race, race_without_locks
from users.tests.factories import ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 30
STEP = 0.002  # seconds

T = TypeVar("T")


def duel(number: int, first: Callable[[], T], second: Callable[[], T]) -> list[T | Exception]:
    """One round: early ones give the second a lead, late ones the first, those between neither."""
    lead = (number - ROUNDS // 2) * STEP

    def after(seconds: float, action: Callable[[], T]) -> T:
        time.sleep(max(seconds, 0))
        return action()

    return race(partial(after, -lead, first), partial(after, lead, second))


def expire() -> str:
    run = expire_jobs()
    return f"{len(run.canceled)}+{len(run.timed_out)} ended, {len(run.postponed)} postponed"


def report_last(job: JobCoordinator) -> str:
    return "processed" if report(job, job.total_items - 1).processed else "ignored"


def stalled_job(items: int = 2) -> JobCoordinator:
    job = make_job(JobStatus.RUNNING, items=items)
    age(job, 31 * MINUTE)
    return job


def test_many_runs_at_once_end_each_job_once() -> None:
    user = make_user(plan="pro")
    jobs = [
        make_job(status, user=user)
        for status in (JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.QUEUED)
    ]
    for job in jobs:
        age(job, 8 * DAY)

    runs = race(*[expire_jobs] * 6)

    ended = []
    for run in runs:
        assert not isinstance(run, Exception)
        assert run.postponed == []
        ended += run.canceled + run.timed_out
    assert sorted(ended) == sorted(job.id for job in jobs)
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (200, 0)
    assert [kind for kind, *_ in ledger_of(user)].count("rollback") == 3
    assert_books_balance(user)


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.QUEUED])
def test_control_without_locks_the_second_run_breaks_on_the_constraints(status: JobStatus) -> None:
    age(make_job(status), 8 * DAY)

    outcomes = names(race_without_locks(expire, expire))

    ended = "1+0" if status == JobStatus.CREATED else "0+1"
    assert outcomes == ["0+0 ended, 1 postponed", f"{ended} ended, 0 postponed"]


def test_expiry_and_the_last_callback_never_mix() -> None:
    seen = set()
    for number in range(ROUNDS):
        job = stalled_job()

        outcomes = duel(number, expire, partial(report_last, job))

        job.refresh_from_db()
        log = JobLog.objects.get(job_id=job.id)
        assert (job.status, log.status) == (JobStatus.DONE, "done")
        if "processed" in outcomes:
            assert outcomes == ["0+0 ended, 0 postponed", "processed"]
            assert (job.done_items, job.failed_items) == (2, 0)
            assert ledger_of(job.user)[-1][:3] == ("commit", 0, 8)
        else:
            assert outcomes == ["0+1 ended, 0 postponed", "ignored"]
            assert (job.done_items, job.failed_items) == (1, 1)
            assert ledger_of(job.user)[-1][:3] == ("commit", 1, 9)
        assert_books_balance(job.user)
        seen.add(outcomes[1])
    assert seen == {"processed", "ignored"}


def test_control_without_locks_one_of_them_breaks() -> None:
    job = stalled_job()

    outcomes = race_without_locks(expire, partial(report_last, job))

    # Both believed to finish the job; which one came second is chance.
    assert outcomes[0] == "0+0 ended, 1 postponed" or isinstance(outcomes[1], Exception)


def test_expiry_and_a_claim_never_mix() -> None:
    seen = set()
    for number in range(ROUNDS):
        job = stalled_job()

        outcomes = duel(number, expire, partial(claim, job))

        job.refresh_from_db()
        if job.status == JobStatus.RUNNING:
            assert outcomes == ["0+0 ended, 0 postponed", "granted [1]"]
            services.cancel_job(user_id=job.user_id, job_id=job.id)
        else:
            assert outcomes == ["0+1 ended, 0 postponed", "granted []"]
        assert_books_balance(job.user)
        seen.add(outcomes[1])
    assert seen == {"granted [1]", "granted []"}


def test_control_without_locks_a_worker_is_granted_what_has_timed_out() -> None:
    job = stalled_job()

    outcomes = race_without_locks(expire, lambda: claim(job))

    assert outcomes == ["0+1 ended, 0 postponed", "granted [1]"]


def claim(job: JobCoordinator) -> str:
    _, granted = services.claim_items(
        job_id=job.id, items=[job.total_items - 1], attempt=1, worker="gpu-host:1"
    )
    return f"granted {granted}"


def test_expiry_and_an_execute_end_in_one_of_the_two() -> None:
    seen = set()
    for number in range(ROUNDS):
        job = make_job(JobStatus.UPLOADED)
        age(job, 8 * DAY)

        def execute(job: JobCoordinator = job) -> str:
            services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
            return "queued"

        outcomes = names(duel(number, expire, execute))

        job.refresh_from_db()
        if job.status == JobStatus.QUEUED:
            assert outcomes == ["0+0 ended, 0 postponed", "queued"]
            services.cancel_job(user_id=job.user_id, job_id=job.id)
        else:
            assert job.status == JobStatus.CANCELED
            assert outcomes == ["1+0 ended, 0 postponed", "AlreadyCanceled"]
        assert limiter_of(job.user).credits == 10
        assert_books_balance(job.user)
        seen.add(job.status)
    assert seen == {JobStatus.QUEUED, JobStatus.CANCELED}
