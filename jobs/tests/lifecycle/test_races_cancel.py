"""Cancel at the same instant as other events, and what would happen without the lock."""

from functools import partial

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobLog
from jobs.states import JobStatus
from jobs.tests.factories import make_job, report
from jobs.tests.rows import assert_books_balance
from s3project.testing.race import names, race, race_without_locks
from users.tests.factories import ledger_of, limiter_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 50


def cancel(job: JobCoordinator) -> str:
    _, settlement = services.cancel_job(user_id=job.user_id, job_id=job.id)
    return f"canceled, {settlement.refunded} back"


def report_last(job: JobCoordinator) -> str:
    return "processed" if report(job, job.total_items - 1).processed else "ignored"


def test_cancel_and_the_last_callback_never_mix() -> None:
    seen = set()
    for _ in range(ROUNDS):
        job = make_job(JobStatus.RUNNING, items=2)

        outcomes = race(partial(cancel, job), partial(report_last, job))

        job.refresh_from_db()
        seen.add(job.status)
        limiter = limiter_of(job.user)
        last_event = ledger_of(job.user)[-1]
        logged = JobLog.objects.get(job_id=job.id).status
        if job.status == JobStatus.DONE:
            assert names(outcomes) == ["InvalidTransition", "processed"]
            assert (job.done_items, limiter.credits, logged) == (2, 8, "done")
            assert last_event[:3] == ("commit", 0, 8)
        else:
            assert job.status == JobStatus.CANCELED
            assert names(outcomes) == ["canceled, 2 back", "ignored"]
            assert (job.done_items, limiter.credits, logged) == (1, 10, "canceled")
            assert last_event[:3] == ("rollback", 2, 10)
        assert_books_balance(job.user)
    assert seen <= {JobStatus.DONE, JobStatus.CANCELED}


def test_control_without_the_lock_only_the_history_saves_the_money() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    outcomes = names(race_without_locks(lambda: cancel(job), lambda: report_last(job)))

    # Both believed to finish the job; the second broke on the primary key of the history.
    assert "IntegrityError" in outcomes
    assert len(outcomes) == 2


def test_of_ten_cancels_one_refunds_and_nine_are_told() -> None:
    job = make_job(JobStatus.UPLOADED, items=3)

    outcomes = names(race(*[lambda: cancel(job)] * 10))

    assert outcomes == ["AlreadyCanceled"] * 9 + ["canceled, 3 back"]
    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (10, 0)
    assert [kind for kind, *_ in ledger_of(job.user)] == ["grant", "reserve", "rollback"]
    assert_books_balance(job.user)


def test_control_without_the_lock_ten_cancels_break_on_the_history() -> None:
    job = make_job(JobStatus.UPLOADED, items=3)

    outcomes = names(race_without_locks(*[lambda: cancel(job)] * 10))

    assert outcomes == ["IntegrityError"] * 9 + ["canceled, 3 back"]


def test_cancel_and_execute_end_canceled_and_refunded() -> None:
    for _ in range(10):
        job = make_job(JobStatus.UPLOADED)

        def execute(job: JobCoordinator = job) -> str:
            services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
            return "queued"

        outcomes = names(race(partial(cancel, job), execute))

        assert outcomes in (
            ["canceled, 2 back", "queued"],
            ["AlreadyCanceled", "canceled, 2 back"],
        )
        job.refresh_from_db()
        assert job.status == JobStatus.CANCELED
        assert limiter_of(job.user).credits == 10
        assert_books_balance(job.user)
