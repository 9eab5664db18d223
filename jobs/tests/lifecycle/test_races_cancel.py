"""Cancel at the same instant as other events, and what would happen without the lock."""

from collections.abc import Callable
from functools import partial

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobLog
from jobs.states import JobStatus
from jobs.tests.factories import make_job, report_last
from jobs.tests.rows import assert_books_balance
from s3project.testing.race import names, race, race_in_turn, race_without_locks
from users.tests.factories import ledger_of, limiter_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10


def cancel(job: JobCoordinator) -> str:
    _, settlement = services.cancel_job(user_id=job.user_id, job_id=job.id)
    return f"canceled, {settlement.refunded} back"


def execute(job: JobCoordinator) -> str:
    services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
    return "queued"


def end_of(job: JobCoordinator) -> tuple[object, ...]:
    """Status, photos done, credits, what the history says, and the last event of the ledger."""
    job.refresh_from_db()
    logged = JobLog.objects.get(job_id=job.id).status
    assert_books_balance(job.user)
    last_event = ledger_of(job.user)[-1][:3]
    return job.status, job.done_items, limiter_of(job.user).credits, logged, last_event


CANCELED = ("canceled", 1, 10, "canceled", ("rollback", 2, 10))
DONE = ("done", 2, 8, "done", ("commit", 0, 8))


def test_a_callback_that_comes_while_a_cancel_is_at_work_is_ignored() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    outcomes = race_in_turn(partial(cancel, job), partial(report_last, job))

    assert outcomes == ["canceled, 2 back", "ignored"]
    assert end_of(job) == CANCELED


def test_a_cancel_that_comes_while_the_last_callback_is_at_work_is_refused() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    outcomes = race_in_turn(partial(report_last, job), partial(cancel, job))

    assert names(outcomes) == ["InvalidTransition", "processed"]
    assert end_of(job) == DONE


def test_cancel_and_the_last_callback_never_mix() -> None:
    """In the order that chance gives them."""
    for _ in range(ROUNDS):
        job = make_job(JobStatus.RUNNING, items=2)

        outcomes = names(race(partial(cancel, job), partial(report_last, job)))

        assert (outcomes, end_of(job)) in (
            (["InvalidTransition", "processed"], DONE),
            (["canceled, 2 back", "ignored"], CANCELED),
        )


def test_control_without_the_lock_only_the_history_saves_the_money() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    outcomes = names(race_without_locks(lambda: cancel(job), lambda: report_last(job)))

    # Both believed to finish the job; the second broke on the primary key of the history.
    assert outcomes in (["IntegrityError", "canceled, 2 back"], ["IntegrityError", "processed"])


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


@pytest.mark.parametrize(
    ("first", "second", "outcomes"),
    [
        (cancel, execute, ["AlreadyCanceled", "canceled, 2 back"]),
        (execute, cancel, ["canceled, 2 back", "queued"]),
    ],
)
def test_cancel_and_execute_end_canceled_and_refunded(
    first: Callable[[JobCoordinator], str],
    second: Callable[[JobCoordinator], str],
    outcomes: list[str],
) -> None:
    job = make_job(JobStatus.UPLOADED)

    assert names(race_in_turn(partial(first, job), partial(second, job))) == outcomes

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELED
    assert limiter_of(job.user).credits == 10
    assert_books_balance(job.user)
