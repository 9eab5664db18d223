"""The sweep: what nobody works on is sent again, and given up after the last attempt."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from jobs.delivery.fair_share import Chunk
from jobs.delivery.leases import lease_to_queue
from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobItem
from jobs.states import ItemStatus, JobStatus
from jobs.tests.delivery.broker_away import broker_away
from jobs.tests.factories import make_job, report
from jobs.tests.rows import all_rows, assert_books_balance
from jobs.upkeep import sweep
from s3project.testing.broker import purge, waiting
from s3project.testing.race import race
from users.models import UserLimiter
from users.tests.factories import ledger_of, limiter_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

PAST = timezone.now() - timedelta(minutes=1)


def swept_job(status: JobStatus = JobStatus.QUEUED, *, items: int = 3) -> JobCoordinator:
    """A job that was executed a minute ago; its first messages are out of the way."""
    job = make_job(status, items=items)
    JobCoordinator.objects.filter(pk=job.pk).update(queued_at=PAST)
    purge("gpu")
    return job


def expire(job: JobCoordinator, *idxs: int, worker: str = "gone:1", **changes: Any) -> None:
    """The lease of `worker` has run out; without one, the lease of the queue."""
    job.items.filter(idx__in=idxs).update(lease_expires_at=PAST, claimed_by=worker, **changes)


def sent() -> list[tuple[list[int], int]]:
    """(idxs, attempt) of each message that waits for a GPU worker."""
    found = [message for _, [message] in waiting("gpu")]
    return [([item["idx"] for item in message["items"]], message["attempt"]) for message in found]


def test_leased_items_are_left_alone() -> None:
    swept_job()
    before = all_rows()

    assert sweep.dispatch_due_items() == 0

    assert sent() == []
    assert all_rows() == before


def test_items_whose_lease_ran_out_are_sent_again_as_the_next_attempt() -> None:
    job = swept_job()
    expire(job, 0, 2)

    assert sweep.dispatch_due_items() == 2

    assert sent() == [([0], 2), ([2], 2)]  # alone: one of them may be what kills workers
    items = job.items.order_by("idx").values_list("attempt", "claimed_by")
    assert list(items) == [(2, ""), (1, ""), (2, "")]
    assert sweep.dispatch_due_items() == 0


def test_items_on_different_attempts_go_in_messages_of_their_own() -> None:
    job = swept_job()
    expire(job, 0, 1)
    expire(job, 2, attempt=2)

    assert sweep.dispatch_due_items() == 3

    assert sorted(sent()) == [([0], 2), ([1], 2), ([2], 3)]


def test_what_nobody_has_claimed_is_sent_again_as_the_same_attempt(settings: Settings) -> None:
    settings.BATCH_CONCURRENCY = 4
    job = swept_job()
    expire(job, 0, 1, worker="")
    expire(job, 2, worker="", attempt=3)

    assert sweep.dispatch_due_items() == 3

    assert sorted(sent()) == [([0, 1], 1), ([2], 3)]
    assert list(job.items.order_by("idx").values_list("attempt", flat=True)) == [1, 1, 3]


def test_what_nobody_claims_while_the_job_stands_still_for_three_leases_is_lost() -> None:
    job = swept_job()
    report(job, 0)
    expire(job, 1, 2, worker="")
    patience = 3 * timedelta(minutes=15)

    JobCoordinator.objects.update(updated_at=timezone.now() - patience + timedelta(minutes=1))
    assert sweep.dispatch_due_items() == 2
    expire(job, 1, 2, worker="")
    JobCoordinator.objects.update(updated_at=timezone.now() - patience - timedelta(minutes=1))
    assert sweep.dispatch_due_items() == 0

    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (JobStatus.DONE, 1, 2)
    assert set(job.items.exclude(idx=0).values_list("error", flat=True)) == {"worker_lost"}
    assert limiter_of(job.user).credits == 9


def test_a_message_that_waited_longer_than_its_lease_is_as_good_as_the_one_sent_after_it() -> None:
    job = swept_job()
    expire(job, 0, 1, 2, worker="")
    sweep.dispatch_due_items()

    _, granted = services.claim_items(job_id=job.id, items=[0, 1], attempt=1, worker="gpu:1")

    assert list(granted) == [0, 1]


def test_a_claim_between_publishing_and_leasing_keeps_its_lease() -> None:
    job = swept_job()
    expire(job, 0, 1)
    services.claim_items(job_id=job.id, items=[0], attempt=2, worker="gpu:1")

    assert lease_to_queue(job.id, [Chunk(2, (0, 1))], lease=timedelta(minutes=15)) == 1

    items = job.items.order_by("idx").values_list("attempt", "claimed_by")
    assert list(items) == [(2, "gpu:1"), (2, ""), (1, "")]


def test_a_sweep_that_was_held_up_takes_no_photo_back_to_an_older_attempt() -> None:
    job = swept_job()
    expire(job, 0, attempt=3)

    assert lease_to_queue(job.id, [Chunk(2, (0,))], lease=timedelta(minutes=15)) == 0

    assert job.items.get(idx=0).attempt == 3


def test_a_job_that_cannot_be_swept_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, sound = swept_job(), swept_job()
    expire(odd, 0, attempt=3)
    expire(sound, 0)
    report(odd, 1)
    report(odd, 2)
    monkeypatch.setattr(UserLimiter, "release", _refuse)

    assert sweep.dispatch_due_items() == 1

    assert sent() == [([0], 2)]
    assert odd.items.get(idx=0).status == "pending"
    assert "could not be swept" in caplog.text


def _refuse(*args: object) -> None:
    raise DatabaseError("the row is odd")


def test_while_the_broker_is_away_lost_photos_are_still_given_back() -> None:
    first, second = swept_job(), swept_job()
    expire(first, 0)
    expire(second, 0, 1, 2, attempt=3)

    with broker_away():
        assert sweep.dispatch_due_items() == 0

    assert first.items.get(idx=0).attempt == 1
    second.refresh_from_db()
    assert second.status == JobStatus.FAILED


def test_a_job_that_was_executed_a_moment_ago_is_left_to_execute() -> None:
    job = make_job(JobStatus.QUEUED)
    purge("gpu")
    JobItem.objects.update(lease_expires_at=None)

    assert sweep.dispatch_due_items() == 0

    JobCoordinator.objects.filter(pk=job.pk).update(queued_at=PAST)
    assert sweep.dispatch_due_items() == 2


def test_settled_items_are_never_sent_again() -> None:
    job = swept_job()
    report(job, 0, ItemStatus.DONE)
    report(job, 1, ItemStatus.FAILED)
    expire(job, 0, 1, 2)

    assert sweep.dispatch_due_items() == 1

    assert sent() == [([2], 2)]


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status not in ("queued", "running")]
)
def test_a_job_that_is_not_in_work_is_never_sent(status: JobStatus) -> None:
    job = make_job(status)
    purge("gpu")
    JobItem.objects.update(lease_expires_at=None)
    before = all_rows()

    assert sweep.dispatch_due_items() == 0

    assert sent() == []
    assert all_rows() == before
    assert_books_balance(job.user)


def test_after_the_last_attempt_the_photos_fail_and_are_refunded() -> None:
    job = swept_job()
    expire(job, 0, 1, 2, attempt=3)

    assert sweep.dispatch_due_items() == 0

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

    sweep.dispatch_due_items()

    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (JobStatus.DONE, 2, 1)
    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (8, 0)


def test_lost_photos_do_not_keep_others_from_being_sent() -> None:
    job = swept_job()
    expire(job, 0, attempt=3)
    expire(job, 1)

    assert sweep.dispatch_due_items() == 1

    assert sent() == [([1], 2)]
    assert job.items.get(idx=0).error == "worker_lost"


def test_a_lost_photo_may_still_be_done_by_a_late_worker() -> None:
    job = swept_job()
    expire(job, 0, attempt=3)
    sweep.dispatch_due_items()

    assert report(job, 0, attempt=3).processed

    job.refresh_from_db()
    assert (job.done_items, job.failed_items) == (1, 0)


def test_two_sweeps_at_once_raise_the_attempt_once() -> None:
    for _ in range(5):
        job = swept_job(items=10)
        expire(job, *range(10))

        counts = race(*[sweep.dispatch_due_items] * 2)

        # Both may send, which costs a claim; but nothing is sent as the attempt after the next.
        assert sorted(map(str, counts)) in (["0", "10"], ["10", "10"])
        assert sorted({idx for idxs, _ in sent() for idx in idxs}) == list(range(10))
        assert {attempt for _, attempt in sent()} == {2}
        assert set(job.items.values_list("attempt", flat=True)) == {2}


def test_two_sweeps_at_once_lose_a_photo_once() -> None:
    for _ in range(5):
        job = swept_job()
        report(job, 0)
        expire(job, 1, 2, attempt=3)

        assert race(*[sweep.dispatch_due_items] * 2) == [0, 0]

        job.refresh_from_db()
        assert (job.status, job.done_items, job.failed_items) == (JobStatus.DONE, 1, 2)
        assert limiter_of(job.user).credits == 9
        assert_books_balance(job.user)
