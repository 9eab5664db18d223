"""Callbacks at the same instant, and what would happen without the lock of the job."""

from collections.abc import Callable
from functools import partial

import pytest

from jobs.models import JobCoordinator, JobLog
from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from jobs.tests.rows import assert_books_balance
from s3project.testing.race import names, race, race_without_locks
from users.tests.factories import ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

COPIES = 20


def callbacks(job: JobCoordinator, idxs: list[int]) -> list[Callable[[], str]]:
    """One callback for each idx, as a worker sends it."""

    def send(idx: int) -> str:
        answer = worker_api().post(callback_path(job), callback_body(job, idx))
        if answer.status != 200:
            return f"status {answer.status}"
        if answer.data["duplicate"]:
            return "duplicate"
        return "processed" if answer.data["processed"] else "ignored"

    return [partial(send, idx) for idx in idxs]


def test_twenty_copies_of_one_callback_count_once() -> None:
    job = make_job(JobStatus.QUEUED, items=3)

    outcomes = names(race(*callbacks(job, [1] * COPIES)))

    assert outcomes == ["duplicate"] * (COPIES - 1) + ["processed"]
    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (JobStatus.RUNNING, 1, 0)
    assert_books_balance(job.user)


def test_twenty_copies_of_the_last_callback_settle_once() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    outcomes = names(race(*callbacks(job, [1] * COPIES)))

    assert outcomes == ["duplicate"] * (COPIES - 1) + ["processed"]
    job.refresh_from_db()
    assert (job.status, job.done_items) == (JobStatus.DONE, 2)
    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (8, 0)
    assert [kind for kind, *_ in ledger_of(job.user)] == ["grant", "reserve", "commit"]
    assert_books_balance(job.user)


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING])
def test_control_without_the_lock_only_the_guarded_update_saves_the_count(
    status: JobStatus,
) -> None:
    job = make_job(status, items=2)

    outcomes = names(race_without_locks(*callbacks(job, [1] * 4)))

    # Those that came second are no duplicates any more: they meet the assertion.
    assert outcomes == ["processed"] + ["status 500"] * 3


def test_all_callbacks_of_a_job_at_once_finish_it_once() -> None:
    job = make_job(JobStatus.QUEUED, items=10)

    outcomes = names(race(*callbacks(job, list(range(10)) * 2)))

    assert outcomes == ["duplicate"] * 10 + ["processed"] * 10
    job.refresh_from_db()
    assert (job.status, job.done_items) == (JobStatus.DONE, 10)
    assert limiter_of(job.user).active_jobs == 0
    assert_books_balance(job.user)


def test_control_without_the_lock_nobody_sees_that_the_last_photo_is_done() -> None:
    job = make_job(JobStatus.QUEUED, items=10)

    outcomes = names(race_without_locks(*callbacks(job, list(range(10)))))

    # Each counted from zero: ten photos are done, and the job runs for ever.
    assert outcomes == ["processed"] * 10
    job.refresh_from_db()
    assert (job.status, job.done_items) == (JobStatus.RUNNING, 10)
    assert not JobLog.objects.filter(job_id=job.id).exists()
    assert limiter_of(job.user).active_jobs == 1


def test_three_jobs_of_a_user_that_finish_at_once_all_settle() -> None:
    user = make_user(plan="pro")
    jobs = [make_job(JobStatus.RUNNING, user=user, items=2) for _ in range(3)]

    outcomes = names(race(*[callbacks(job, [1])[0] for job in jobs]))

    assert outcomes == ["processed"] * 3
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (194, 0)
    assert_books_balance(user)
