"""Where a job stands: held against a simulation of workers, and against the real broker."""

import random
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from jobs.delivery.publish import GPU_QUEUE
from jobs.lifecycle import services
from jobs.lifecycle.line import LINE, Line, Place, _in_steps, read_line
from jobs.models import JobCoordinator, JobItem
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import make_job, poll, report, result_key
from jobs.tests.lifecycle.workers_simulation import CHUNK, SimulatedJob, Simulation
from s3project.celery import app
from s3project.testing.broker import waiting
from s3project.testing.waiting import wait_until
from users.models import User
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=15)
# What the time that is left turns out to be, of the expected one: never more than so many times
# more or less, and for nine of ten not more than so many.
FACTOR, MOST_WITHIN = 4.0, 2.0


@pytest.fixture(autouse=True)
def _fresh_line() -> Iterator[None]:
    LINE.forget()
    yield
    LINE.forget()


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


class Shadow:
    """The jobs of a simulation as rows, brought to where it is each time somebody looks."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._rows: dict[SimulatedJob, JobCoordinator] = {}

    def row(self, job: SimulatedJob) -> JobCoordinator:
        return self._rows[job]

    def follow(self, simulation: Simulation) -> None:
        now = database_now()

        def moment(at: float) -> datetime:
            return now - timedelta(seconds=simulation.now - at)

        for job in simulation.jobs:
            if job not in self._rows:
                self._rows[job] = self._make(job)
            row = self._rows[job]
            JobCoordinator.objects.filter(pk=row.pk).update(
                status="queued" if job.finished is None else "done",
                done_items=len(job.done),
                queued_at=moment(job.arrival),
                finished_at=None if job.finished is None else moment(job.finished),
            )
            items = row.items
            self._report(row, job)
            items.filter(idx__in=job.in_hand).update(
                attempt=1, claimed_by="w", lease_expires_at=now + timedelta(minutes=2)
            )
            for sent_at in set(job.waiting.values()):
                idxs = [idx for idx, at in job.waiting.items() if at == sent_at]
                items.filter(idx__in=idxs).update(
                    attempt=1, claimed_by="", lease_expires_at=moment(sent_at) + LEASE
                )

    def _report(self, row: JobCoordinator, job: SimulatedJob) -> None:
        pending = row.items.filter(idx__in=job.done, status="pending")
        for item in pending:
            item.status, item.output_key, item.preview_key = "done", "o", "p"
            item.idempotency_key, item.lease_expires_at = result_key(row, item.idx), None
            item.save()

    def _make(self, job: SimulatedJob) -> JobCoordinator:
        row = JobCoordinator.objects.create(
            user=self._user,
            preset="interior",
            status="queued",
            total_items=job.items,
            queued_at=database_now(),
        )
        JobItem.objects.bulk_create(
            JobItem(job=row, idx=idx, input_key="i") for idx in range(job.items)
        )
        return row


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_simulation_the_place_is_exact_and_the_time_is_about_right(
    seed: int, settings: Settings
) -> None:
    settings.BATCH_CONCURRENCY = CHUNK
    # Two thirds of what the workers can do, so that lines come and go.
    simulation = Simulation(seed, workers=3, jobs=40, every=12.0)
    shadow = Shadow(make_user())
    expected: list[tuple[SimulatedJob, float, int]] = []
    looked = 0

    for turn, _ in enumerate(simulation.run()):
        if turn % 9:
            continue
        shadow.follow(simulation)
        places = read_line()
        in_work = simulation.in_work()
        assert places.keys() == {shadow.row(job).pk for job in in_work}
        for job in in_work:
            place = places[shadow.row(job).pk]
            assert place.ahead == simulation.ahead_of(job)
            looked += place.ahead > 0
            if place.eta_seconds is not None:
                expected.append((job, simulation.now, place.eta_seconds))

    assert looked > 20, "nobody ever waited"
    ratios = []
    for job, at, eta in expected:
        assert job.finished is not None
        # What is below a step or two says nothing about the estimate.
        ratios.append((eta + 10) / (job.finished - at + 10))
    assert len(ratios) > 100
    assert 1 / FACTOR < min(ratios) <= max(ratios) < FACTOR, (min(ratios), max(ratios))
    within = [1 / MOST_WITHIN < ratio < MOST_WITHIN for ratio in ratios]
    assert sum(within) >= 0.9 * len(within), f"{sum(within)} of {len(within)}"
    assert 0.8 < statistics.median(ratios) < 1.25


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queues")
def test_the_place_is_that_among_the_messages_of_the_real_broker(settings: Settings) -> None:
    settings.BATCH_CONCURRENCY = CHUNK
    choose = random.Random(7)
    jobs = [
        make_job(JobStatus.QUEUED, user=make_user(plan=choose.choice(["free", "pro"])), items=size)
        for size in (3, 10, 7, 1, 10, 9, 4)
    ]
    taken = 0
    while messages := [args[0] for _, args in waiting(GPU_QUEUE)]:
        places = read_line()
        for job in jobs:
            ahead, found = 0, False
            for message in messages:
                found = found or message["job_id"] == job.public_id
                ahead += 0 if found else len(message["items"])
            if found:
                assert places[job.pk].ahead == ahead, (taken, job)
        # A worker takes the first message; the others move on.
        first = messages[0]
        idxs = [item["idx"] for item in first["items"]]
        [job] = [one for one in jobs if one.public_id == first["job_id"]]
        services.claim_items(job_id=job.id, items=idxs, attempt=1, worker="w:1")
        _take_first()
        for idx in idxs if choose.random() < 0.7 else ():
            report(job, idx)
        taken += 1
    assert taken == 14


def _take_first() -> None:
    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        for level in range(10):
            if channel.client.rpop(channel._q_for_pri(GPU_QUEUE, level)) is not None:
                return


def test_a_poll_shows_the_place_while_the_job_is_in_work_and_no_longer() -> None:
    first = make_job(JobStatus.QUEUED, items=3)
    second = make_job(JobStatus.QUEUED, items=2)
    assert "queue" not in poll(make_job()).data

    assert poll(first).data["queue"] == {"ahead": 0, "eta_seconds": None}
    assert poll(second).data["queue"] == {"ahead": 3, "eta_seconds": None}

    for idx in range(3):
        report(first, idx)
    LINE.forget()
    assert "queue" not in poll(first).data
    assert poll(second).data["queue"]["ahead"] == 0
    assert poll(second).data["queue"]["eta_seconds"] == 5


def test_a_place_that_changes_changes_the_tag_and_one_that_does_not_leaves_it() -> None:
    first, second = make_job(JobStatus.QUEUED, items=3), make_job(JobStatus.QUEUED)
    tag = poll(second).headers["ETag"]
    assert poll(second, tag).status == 304

    report(first, 0)
    LINE.forget()

    answer = poll(second, tag)
    assert (answer.status, answer.data["queue"]["ahead"]) == (200, 2)


def test_expected_times_come_in_steps_and_never_too_short() -> None:
    assert [_in_steps(s) for s in (None, 0, 1, 5, 6, 60)] == [None, 5, 5, 5, 10, 60]
    assert [_in_steps(s) for s in (61, 600, 601, 3601)] == [75, 600, 660, 3660]


def test_a_job_that_has_just_begun_is_in_the_line_at_once() -> None:
    poll(make_job(JobStatus.QUEUED))

    assert poll(make_job(JobStatus.QUEUED)).data["queue"]["ahead"] == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queues")
def test_photos_in_hand_and_lost_ones_are_counted_where_they_are() -> None:
    other = make_job(JobStatus.QUEUED, items=3)
    job = make_job(JobStatus.QUEUED, items=2)
    services.claim_items(job_id=other.id, items=[0, 1], attempt=1, worker="w:1")
    assert read_line()[job.pk] == Place(1, None)

    # The worker went silent: its photos wait again.
    JobItem.objects.filter(job=other, idx__lt=2).update(lease_expires_at=database_now())
    assert read_line()[job.pk].ahead == 1
    assert {item.status for item in other.items.all()} == {ItemStatus.PENDING}


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_while_somebody_else_reads_the_line_anew() -> None:
    job = make_job(JobStatus.QUEUED)
    line = Line()
    before = line.get()
    line.forget()
    reading = threading.Thread(target=_read_in_a_thread, args=(line,))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE jobs_jobitem IN ACCESS EXCLUSIVE MODE")
        reading.start()
        wait_until(lambda: line._lock.locked(), seconds=10)
        started = time.monotonic()
        assert line.get() is before
        assert time.monotonic() - started < 1
        assert reading.is_alive(), "it waits for the table"
    reading.join()

    assert line.get() is not before
    assert job.id in line.get()


def _read_in_a_thread(line: Line) -> None:
    try:
        line.get()
    finally:
        connection.close()
