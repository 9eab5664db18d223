"""Results come a day late: to jobs still in work, and to jobs that ended in every possible way."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bench.faults.customer import Customer
from bench.faults.older import make_older
from bench.faults.world import PATIENT_LEASES, World
from jobs.models import JobItem
from jobs.upkeep.archive import archive_jobs
from jobs.upkeep.deletion import delete_expired_objects
from jobs.upkeep.expiry import expire_jobs
from s3project.testing.broker import purge

DAY = timedelta(days=1)
LONG_AGO = timedelta(days=400)
CREDITS = 200


def run(world: World) -> None:
    world.kill("web", "maintenance", "gpu")
    # The worker is played here, and no job is ended for want of progress but where it is said. No
    # lease ends but where it is said either.
    world.start("web", "maintenance", STALLED_AFTER_MIN="0", **PATIENT_LEASES)
    _in_work(world)
    world.kill("maintenance")
    _ended(world)
    world.kill("web")
    purge("gpu")


def _in_work(world: World) -> None:
    customer = world.customer()
    job = customer.start_without_photos(5)
    world.accept(job)
    assert world.claim(job, [0, 1, 2, 3, 4]) == [0, 1, 2, 3, 4]
    make_older(job, DAY)
    lost = JobItem.objects.filter(job_id=job, attempt=2)
    world.wait_for(lambda: lost.count() == 5, "what the lost worker had is sent again")

    assert _says(world, job, 0, "done", attempt=1)
    assert not _says(world, job, 0, "failed", attempt=2)  # a success stays
    assert not _says(world, job, 1, "failed", attempt=1)  # the second attempt decides
    assert _says(world, job, 1, "done", attempt=2)
    assert _says(world, job, 2, "failed", attempt=2)
    assert _says(world, job, 2, "done", attempt=1)  # a late success replaces a failure
    assert _says(world, job, 3, "failed", attempt=2)
    assert _says(world, job, 4, "failed", attempt=2)
    _changes_nothing(world, customer, job)
    me, shown = customer.client.me(), _shown(customer, job)
    assert (me["credits"], me["active_jobs"]) == (CREDITS - 3, 0)
    assert (shown["status"], shown["progress"]["done"]) == ("done", 3)


def _ended(world: World) -> None:
    """A customer's jobs, each ended in its own way a day (or a year) before the results come."""
    customer = world.customer()
    done = customer.start_without_photos(2)
    assert _says(world, done, 0, "done", attempt=1)
    assert _says(world, done, 1, "failed", attempt=1)
    canceled = customer.start_without_photos(2)
    assert customer.cancel(canceled)
    stalled = customer.start_without_photos(2)
    for job in (done, canceled, stalled):
        make_older(job, DAY)
    expire_jobs()
    jobs = {done: "done", canceled: "canceled", stalled: "failed"}
    archived = customer.start_without_photos(2)
    assert _says(world, archived, 0, "failed", attempt=1)
    assert _says(world, archived, 1, "done", attempt=1)
    make_older(archived, LONG_AGO)
    delete_expired_objects()
    archive_jobs()
    assert not JobItem.objects.filter(job=archived).exists(), "it was not archived"
    for job, status in {**jobs, archived: "done"}.items():
        assert _shown(customer, job)["status"] == status
        _changes_nothing(world, customer, job)
    assert customer.client.me()["credits"] == CREDITS - 2


def _changes_nothing(world: World, customer: Customer, job: UUID) -> None:
    """Whatever comes, in whatever order, of whatever attempt."""
    before = _seen(customer, job)
    late = [
        (idx, status, attempt)
        for idx in range(before[0]["progress"]["total"])
        for status in ("done", "failed")
        for attempt in (1, 2, 3)
    ]
    world.random.shuffle(late)
    for idx, status, attempt in late:
        assert not _says(world, job, idx, status, attempt=attempt)
    assert world.claim(job, [0, 1]) == []
    assert _seen(customer, job) == before


def _says(world: World, job: UUID, idx: int, status: str, *, attempt: int) -> bool:
    """Whether the result had an effect."""
    answer = world.callback(job, idx, status=status, attempt=attempt)
    assert answer.status_code == 200, answer.text
    processed: bool = answer.json()["data"]["processed"]
    return processed


def _seen(customer: Customer, job: UUID) -> tuple[Any, Any, Any]:
    """What the customer is shown of the job and of the money."""
    return _shown(customer, job), customer.client.me(), customer.client.list_billing_events()


def _shown(customer: Customer, job: UUID) -> Any:
    shown = customer.see(job)
    return {key: shown[key] for key in ("status", "progress", "items", "finished_at")}
