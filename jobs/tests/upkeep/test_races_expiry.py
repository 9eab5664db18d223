"""Expiry at the same instant as another run, a result, a claim and an execute."""

from functools import partial

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobLog
from jobs.states import JobStatus
from jobs.tests.clock import DAY, MINUTE, age
from jobs.tests.factories import claim, make_job, report_last
from jobs.tests.rows import assert_books_balance
from jobs.upkeep.expiry import expire_jobs
from s3project.testing.race import (
    names,
    race,
    race_in_turn,
    race_without_locks,
    race_without_locks_in_turn,
)
from users.tests.factories import ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


def expire() -> str:
    run = expire_jobs()
    return f"{len(run.canceled)}+{len(run.timed_out)} ended, {len(run.postponed)} postponed"


def claim_last(job: JobCoordinator) -> str:
    return f"granted {claim(job, job.total_items - 1)}"


def end_of(job: JobCoordinator) -> tuple[object, ...]:
    """Status, photos done and failed, what the history says, and the last event of the ledger."""
    job.refresh_from_db()
    assert_books_balance(job.user)
    logged = JobLog.objects.get(job_id=job.id).status
    return job.status, job.done_items, job.failed_items, logged, ledger_of(job.user)[-1][:3]


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


def test_a_last_callback_that_comes_while_its_job_expires_is_ignored() -> None:
    job = stalled_job()

    outcomes = race_in_turn(expire, partial(report_last, job))

    assert outcomes == ["0+1 ended, 0 postponed", "ignored"]
    assert end_of(job) == ("done", 1, 1, "done", ("commit", 1, 9))


def test_a_job_whose_last_callback_is_at_work_does_not_expire() -> None:
    job = stalled_job()

    outcomes = race_in_turn(partial(report_last, job), expire)

    assert outcomes == ["processed", "0+0 ended, 0 postponed"]
    assert end_of(job) == ("done", 2, 0, "done", ("commit", 0, 8))


def test_control_without_locks_one_of_them_breaks() -> None:
    job = stalled_job()

    outcomes = race_without_locks(expire, partial(report_last, job))

    # Both believed to finish the job; which one came second is chance.
    assert outcomes[0] == "0+0 ended, 1 postponed" or isinstance(outcomes[1], Exception)


def test_a_claim_that_comes_while_its_job_expires_is_granted_nothing() -> None:
    job = stalled_job()

    outcomes = race_in_turn(expire, partial(claim_last, job))

    assert outcomes == ["0+1 ended, 0 postponed", "granted []"]
    assert end_of(job) == ("done", 1, 1, "done", ("commit", 1, 9))


def test_a_job_of_which_a_claim_is_at_work_does_not_expire() -> None:
    job = stalled_job()

    outcomes = race_in_turn(partial(claim_last, job), expire)

    assert outcomes == ["granted [1]", "0+0 ended, 0 postponed"]
    job.refresh_from_db()
    assert job.status == JobStatus.RUNNING


def test_control_without_locks_a_worker_is_granted_what_times_out() -> None:
    """When it writes first: the lease itself sees what was timed out before it."""
    job = stalled_job()

    outcomes = race_without_locks_in_turn(partial(claim_last, job), expire)

    assert outcomes == ["granted [1]", "0+1 ended, 0 postponed"]


def abandoned_job() -> JobCoordinator:
    job = make_job(JobStatus.UPLOADED)
    age(job, 8 * DAY)
    return job


def execute(job: JobCoordinator) -> str:
    services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
    return "queued"


def test_an_execute_that_comes_while_its_job_expires_is_told() -> None:
    job = abandoned_job()

    outcomes = names(race_in_turn(expire, partial(execute, job)))

    assert outcomes == ["1+0 ended, 0 postponed", "AlreadyCanceled"]
    assert end_of(job) == ("canceled", 0, 0, "canceled", ("rollback", 2, 10))


def test_a_job_that_is_being_executed_does_not_expire() -> None:
    job = abandoned_job()

    outcomes = race_in_turn(partial(execute, job), expire)

    assert outcomes == ["queued", "0+0 ended, 0 postponed"]
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
    assert_books_balance(job.user)


def test_expiry_and_whatever_comes_beside_it_never_mix() -> None:
    """In the orders that chance gives them."""
    for _ in range(ROUNDS):
        stalled, abandoned = stalled_job(), abandoned_job()

        _, reported, executed = race(
            expire, partial(report_last, stalled), partial(execute, abandoned)
        )

        done, failed = (2, 0) if reported == "processed" else (1, 1)
        assert end_of(stalled) == ("done", done, failed, "done", ("commit", failed, 8 + failed))
        abandoned.refresh_from_db()
        assert abandoned.status == ("queued" if executed == "queued" else "canceled")
        assert_books_balance(abandoned.user)
        if executed == "queued":
            services.cancel_job(user_id=abandoned.user_id, job_id=abandoned.id)
