"""A job sends a bounded number of chunks, the next as results arrive, and jobs take turns."""

import threading
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from jobs.delivery import chunks, dispatch
from jobs.delivery import publish as publishing
from jobs.lifecycle import services
from jobs.limits import USUAL_MS
from jobs.models import JobCoordinator, JobItem
from jobs.models.overtime import REMEMBERED
from jobs.models.results import ItemResult
from jobs.states import ItemStatus, JobStatus
from jobs.tests.delivery.broker_away import broker_away
from jobs.tests.factories import make_job, report, result_key
from jobs.upkeep import sweep
from s3project.celery import app
from s3project.testing.broker import purge, waiting
from s3project.testing.race import race
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]


@pytest.fixture(autouse=True)
def _two_chunks_of_two(settings: Settings) -> None:
    settings.JOB_WINDOW, settings.BATCH_CONCURRENCY = 2, 2


def sent() -> list[list[int]]:
    """The idxs of the messages that wait, in the order of delivery."""
    return [[item["idx"] for item in message["items"]] for _, [message] in waiting("gpu")]


def large_job(items: int = 10, *, plan: str = "pro") -> JobCoordinator:
    return make_job(JobStatus.QUEUED, user=make_user(plan=plan), items=items)


def test_execute_sends_as_many_chunks_as_the_window_holds() -> None:
    job = large_job()

    assert sent() == [[0, 1], [2, 3]]
    assert job.items.unsent().count() == 6


def test_a_chunks_worth_of_results_makes_room_for_the_next_one() -> None:
    job = large_job()
    purge("gpu")

    report(job, 2)
    assert sent() == []
    report(job, 3, ItemStatus.FAILED)

    assert sent() == [[4, 5]]
    item = job.items.get(idx=4)
    assert (item.attempt, item.claimed_by) == (1, "")
    assert item.lease_expires_at is not None
    left = item.lease_expires_at - timezone.now()
    assert timedelta(minutes=14) < left < timedelta(minutes=16)


def test_results_in_any_order_bring_the_whole_job_to_its_end_without_a_sweep() -> None:
    job = large_job(11)
    finished: list[int] = []

    while messages := sent():
        purge("gpu")
        for idx in sorted((idx for message in messages for idx in message), key=lambda i: i % 3):
            report(job, idx)
            finished.append(idx)

    assert sorted(finished) == list(range(11))
    job.refresh_from_db()
    assert job.status == JobStatus.DONE


def test_a_small_set_is_delivered_before_what_waits_of_large_ones(settings: Settings) -> None:
    settings.JOB_WINDOW = 4
    first, second = large_job(20), large_job(20)
    small = make_job(JobStatus.QUEUED, user=make_user(plan="free"), items=3)

    order = [(message["job_id"], message["items"][0]["idx"]) for _, [message] in waiting("gpu")]

    # A pro job has two chunks on a level where a free one has one.
    assert order == [
        *[(first.public_id, 0), (first.public_id, 2)],
        *[(second.public_id, 0), (second.public_id, 2), (small.public_id, 0)],
        *[(first.public_id, 4), (first.public_id, 6)],
        *[(second.public_id, 4), (second.public_id, 6), (small.public_id, 2)],
    ]


def test_what_follows_of_a_large_set_waits_behind_a_set_that_has_just_begun() -> None:
    large = large_job()
    for idx in range(4):
        report(large, idx)
    small = make_job(JobStatus.QUEUED, user=make_user(plan="free"), items=1)

    order = [message["job_id"] for _, [message] in waiting("gpu")]
    assert order == [large.public_id, large.public_id, small.public_id, *[large.public_id] * 2]


def test_celery_gets_the_messages_of_level_0_first_and_keeps_the_order_of_a_level() -> None:
    """The order in which `waiting` lists them is the one in which Kombu takes them."""
    large_job()
    small = make_job(JobStatus.QUEUED, user=make_user(plan="free"), items=3)
    listed = waiting("gpu")
    assert len(listed) == 4

    taken = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("gpu", no_ack=True)
        for _ in listed:
            message = queue.get(timeout=5)
            taken.append(message.payload[0])
        queue.close()

    assert taken == [arguments for _, arguments in listed]
    ours = [message["job_id"] == small.public_id for [message] in taken]
    assert ours == [False, False, True, True]


def test_what_the_broker_did_not_take_goes_out_with_the_next_result() -> None:
    job = large_job()
    purge("gpu")

    with broker_away():
        report(job, 0)
        report(job, 1)
    assert sent() == []
    past = timezone.now() - timedelta(seconds=1)
    assert job.items.filter(idx__in=[4, 5], attempt=0).update(lease_expires_at=past) == 2
    report(job, 2)

    assert sent() == [[4, 5]]
    assert set(job.items.filter(idx__in=[4, 5]).values_list("attempt", flat=True)) == {1}


def test_a_reservation_that_came_to_nothing_costs_no_attempt_and_is_the_sweeps() -> None:
    job = large_job()
    purge("gpu")
    with broker_away():
        for idx in range(4):
            report(job, idx)
    JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert sweep.dispatch_due_items() == 0, "it is kept for its message for a moment"
    job.items.filter(attempt=0).update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert sweep.dispatch_due_items() == 4
    assert sent() == [[4, 5], [6, 7]]
    assert set(job.items.filter(idx__in=range(4, 8)).values_list("attempt", flat=True)) == {1}


def test_the_sweep_sends_what_no_result_will_send() -> None:
    job = make_job(JobStatus.UPLOADED, user=make_user(plan="pro"), items=10)
    with broker_away():
        services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
    JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))

    assert sweep.dispatch_due_items() == 4
    assert sweep.dispatch_due_items() == 0, "the rest follows as results arrive"

    assert sent() == [[0, 1], [2, 3]]


def test_lost_photos_take_up_room_until_they_are_reported() -> None:
    job = large_job()
    JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    past = timezone.now() - timedelta(minutes=1)
    job.items.filter(idx__in=[0, 1]).update(lease_expires_at=past, claimed_by="gone:1")
    purge("gpu")

    report(job, 2)
    report(job, 3)
    assert sent() == [[4, 5]], "the room of the lost ones is not free"
    assert sweep.dispatch_due_items() == 2

    assert sorted(sent()) == [[0], [1], [4, 5]]
    assert JobItem.objects.at_work().count() == 4


def test_given_up_photos_make_room_for_others() -> None:
    job = large_job()
    JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    past = timezone.now() - timedelta(minutes=1)
    job.items.filter(idx__lt=4).update(lease_expires_at=past, claimed_by="gone:1", attempt=3)
    purge("gpu")

    sweep.dispatch_due_items()

    assert sorted(sent()) == [[4, 5], [6, 7]]
    assert set(job.items.filter(idx__lt=4).values_list("error", flat=True)) == {"worker_lost"}


@pytest.mark.parametrize("status", [JobStatus.CANCELED, JobStatus.DONE])
def test_nothing_more_is_sent_of_a_job_that_has_ended(status: JobStatus) -> None:
    job = large_job(5)
    if status == JobStatus.CANCELED:
        services.cancel_job(user_id=job.user_id, job_id=job.id)
    purge("gpu")

    for idx in range(5):
        report(job, idx)

    job.refresh_from_db()
    assert job.status == status
    assert sent() == ([[4]] if status == JobStatus.DONE else [])
    purge("gpu")
    JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert sweep.dispatch_due_items() == 0


def report_three_at_once(job: JobCoordinator, patch: pytest.MonkeyPatch) -> list[int]:
    """Two of the results make room for a chunk each, and both are published before either is
    leased. Returns the idxs of all that was published.
    """
    report(job, 0)
    purge("gpu")
    publish_all = publishing.publish_all
    both_publish = threading.Barrier(2)

    def publish_together(*args: Any, **options: Any) -> bool:
        with suppress(threading.BrokenBarrierError):
            both_publish.wait(2)
        return publish_all(*args, **options)

    with patch.context() as patched:
        patched.setattr(dispatch, "publish_all", publish_together)
        race(*(partial(report, job, idx) for idx in (1, 2, 3)))
    return sorted(idx for idxs in sent() for idx in idxs)


def test_results_that_make_room_at_once_are_followed_by_different_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(5):
        job = large_job()

        assert report_three_at_once(job, monkeypatch) == [4, 5, 6, 7]

        services.cancel_job(user_id=job.user_id, job_id=job.id)


def test_without_the_reservation_they_would_be_followed_by_the_same_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "reserve", lambda *args, **options: None)

    published = report_three_at_once(large_job(), monkeypatch)

    assert len(published) > len(set(published))


def in_turn() -> list[str]:
    """The jobs of the messages that wait, in the order of delivery."""
    return [message["job_id"] for _, [message] in waiting("gpu")]


def held(job: JobCoordinator, idx: int, held_ms: int) -> None:
    result = ItemResult(
        idx=idx, status=ItemStatus.FAILED, idempotency_key=result_key(job, idx), held_ms=held_ms
    )
    services.record_item_result(job_id=job.id, result=result)


def test_time_beyond_the_usual_counts_against_the_next_set_of_the_same_user_only() -> None:
    user, other = make_user(plan="free"), make_user(plan="free")
    costly = make_job(JobStatus.QUEUED, user=user, items=3)
    held(costly, 0, 10_000)
    held(costly, 1, 10_000)
    costly.refresh_from_db()
    assert costly.overtime_ms == 2 * 6_000
    held(costly, 2, USUAL_MS)
    costly.refresh_from_db()
    assert costly.overtime_ms == 2 * 6_000
    purge("gpu")

    # 12 s would have been enough for 3 photos, which is more than a chunk.
    theirs = make_job(JobStatus.QUEUED, user=user, items=2)
    after = make_job(JobStatus.QUEUED, user=other, items=2)
    assert in_turn() == [after.public_id, theirs.public_id]


def test_a_photo_that_a_cancel_came_upon_counts_with_all_its_time_and_once() -> None:
    """Else whoever cancels just before the end would have workers for nothing, served first."""
    user, other = make_user(plan="free"), make_user(plan="free")
    costly = make_job(JobStatus.QUEUED, user=user, items=2)
    services.claim_items(job_id=costly.id, items=[0], attempt=1, worker="gpu-7")
    services.cancel_job(user_id=user.id, job_id=costly.id)
    for idx in (0, 0, 1):  # a repeat, and one that nobody had in hand
        held(costly, idx, 3 * USUAL_MS)
    purge("gpu")

    costly.refresh_from_db()
    assert costly.overtime_ms == 3 * USUAL_MS
    theirs = make_job(JobStatus.QUEUED, user=user, items=2)
    after = make_job(JobStatus.QUEUED, user=other, items=2)
    assert in_turn() == [after.public_id, theirs.public_id]


def test_overtime_is_forgotten() -> None:
    user = make_user(plan="free")
    costly = make_job(JobStatus.QUEUED, user=user, items=1)
    held(costly, 0, 60_000)
    long_ago = timezone.now() - REMEMBERED - timedelta(seconds=1)
    JobCoordinator.objects.filter(pk=costly.pk).update(overtime_at=long_ago)
    purge("gpu")

    theirs = make_job(JobStatus.QUEUED, user=user, items=2)
    after = make_job(JobStatus.QUEUED, user=make_user(plan="free"), items=2)
    assert in_turn() == [theirs.public_id, after.public_id]


def test_looking_for_overtime_does_not_grow_with_what_the_user_has_made() -> None:
    """By an index of the few jobs that took too long, and not by that of all the user's jobs."""
    job = make_job(JobStatus.QUEUED)
    JobCoordinator.objects.bulk_create(
        JobCoordinator(
            user=job.user,
            preset="interior",
            status=JobStatus.CANCELED,
            total_items=1,
            finished_at=timezone.now(),
        )
        for _ in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_jobcoordinator")
        parameters: list[Any] = [job.user_id, job.user_id, job.id, [0, 1]]
        cursor.execute(f"EXPLAIN {dispatch.READ_PHOTOS}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "job_overtime_lately" in plan
