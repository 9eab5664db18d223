"""The sweep: what nobody works on is sent again, and given up after the last attempt."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs import maintenance
from jobs.models import JobCoordinator, JobItem
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import make_job, report
from jobs.tests.rows import all_rows, assert_books_balance
from s3project.testing.broker import purge, waiting
from s3project.testing.race import race
from users.tests.factories import ledger_of, limiter_of

pytestmark = pytest.mark.django_db(transaction=True)

PAST = timezone.now() - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _empty_queue() -> Iterator[None]:
    purge("gpu")
    yield
    purge("gpu")


def swept_job(status: JobStatus = JobStatus.QUEUED, *, items: int = 3) -> JobCoordinator:
    """A job that was executed a minute ago; its first messages are out of the way."""
    job = make_job(status, items=items)
    JobCoordinator.objects.filter(pk=job.pk).update(queued_at=PAST)
    purge("gpu")
    return job


def expire(job: JobCoordinator, *idxs: int, **changes: Any) -> None:
    job.items.filter(idx__in=idxs).update(lease_expires_at=PAST, **changes)


def sent() -> list[tuple[list[int], int]]:
    """(idxs, attempt) of each message that waits for a GPU worker."""
    found = [message for _, [message] in waiting("gpu")]
    return [([item["idx"] for item in message["items"]], message["attempt"]) for message in found]


def test_leased_items_are_left_alone() -> None:
    swept_job()
    before = all_rows()

    assert maintenance.dispatch_due_items() == 0

    assert sent() == []
    assert all_rows() == before


def test_items_whose_lease_ran_out_are_sent_again_as_the_next_attempt() -> None:
    job = swept_job()
    expire(job, 0, 2, claimed_by="gone:1")

    assert maintenance.dispatch_due_items() == 2

    assert sent() == [([0, 2], 2)]
    items = job.items.order_by("idx").values_list("attempt", "claimed_by")
    assert list(items) == [(2, ""), (1, ""), (2, "")]
    assert maintenance.dispatch_due_items() == 0


def test_items_on_different_attempts_go_in_messages_of_their_own() -> None:
    job = swept_job()
    expire(job, 0, 1)
    expire(job, 2, attempt=2)

    assert maintenance.dispatch_due_items() == 3

    assert sorted(sent()) == [([0, 1], 2), ([2], 3)]


def test_a_job_that_was_executed_a_moment_ago_is_left_to_execute() -> None:
    job = make_job(JobStatus.QUEUED)
    purge("gpu")
    JobItem.objects.update(lease_expires_at=None)

    assert maintenance.dispatch_due_items() == 0

    JobCoordinator.objects.filter(pk=job.pk).update(queued_at=PAST)
    assert maintenance.dispatch_due_items() == 2


def test_settled_items_are_never_sent_again() -> None:
    job = swept_job()
    report(job, 0, ItemStatus.DONE)
    report(job, 1, ItemStatus.FAILED)
    expire(job, 0, 1, 2)

    assert maintenance.dispatch_due_items() == 1

    assert sent() == [([2], 2)]


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status not in ("queued", "running")]
)
def test_a_job_that_is_not_in_work_is_never_sent(status: JobStatus) -> None:
    job = make_job(status)
    purge("gpu")
    JobItem.objects.update(lease_expires_at=None)
    before = all_rows()

    assert maintenance.dispatch_due_items() == 0

    assert sent() == []
    assert all_rows() == before
    assert_books_balance(job.user)


def test_after_the_last_attempt_the_photos_fail_and_are_refunded() -> None:
    job = swept_job()
    expire(job, 0, 1, 2, attempt=3)

    assert maintenance.dispatch_due_items() == 0

    assert sent() == []
    job.refresh_from_db()
    assert (job.status, job.failed_items) == (JobStatus.FAILED, 3)
    assert set(job.items.values_list("status", "error")) == {("failed", "worker_lost")}
    assert ledger_of(job.user)[-1] == ("rollback", 3, 10, job.public_id)
    assert_books_balance(job.user)


def test_a_lost_photo_is_given_back_while_its_job_is_done() -> None:
    job = swept_job()
    report(job, 0)
    report(job, 1)
    expire(job, 2, attempt=3)

    maintenance.dispatch_due_items()

    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (JobStatus.DONE, 2, 1)
    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (8, 0)


def test_lost_photos_do_not_keep_others_from_being_sent() -> None:
    job = swept_job()
    expire(job, 0, attempt=3)
    expire(job, 1)

    assert maintenance.dispatch_due_items() == 1

    assert sent() == [([1], 2)]
    assert job.items.get(idx=0).error == "worker_lost"


def test_a_lost_photo_may_still_be_done_by_a_late_worker() -> None:
    job = swept_job()
    expire(job, 0, attempt=3)
    maintenance.dispatch_due_items()

    assert report(job, 0, attempt=3).processed

    job.refresh_from_db()
    assert (job.done_items, job.failed_items) == (1, 0)


def test_two_sweeps_at_once_raise_the_attempt_once() -> None:
    for _ in range(5):
        job = swept_job(items=10)
        expire(job, *range(10))

        counts = race(*[maintenance.dispatch_due_items] * 2)

        # Both may send, which costs a claim; but nothing is sent as the attempt after the next.
        assert set(counts) <= {0, 10}
        assert sorted({idx for idxs, _ in sent() for idx in idxs}) == list(range(10))
        assert {attempt for _, attempt in sent()} == {2}
        assert set(job.items.values_list("attempt", flat=True)) == {2}


def test_two_sweeps_at_once_lose_a_photo_once() -> None:
    for _ in range(5):
        job = swept_job()
        report(job, 0)
        expire(job, 1, 2, attempt=3)

        race(*[maintenance.dispatch_due_items] * 2)

        job.refresh_from_db()
        assert (job.status, job.done_items, job.failed_items) == (JobStatus.DONE, 1, 2)
        assert limiter_of(job.user).credits == 9
        assert_books_balance(job.user)
