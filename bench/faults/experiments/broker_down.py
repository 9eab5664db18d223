"""The broker is away for two minutes, in which sets are executed and canceled all the time."""

import time

from bench.faults.photos import QUICK, slow_photo
from bench.faults.world import World
from jobs.models import JobCoordinator, JobItem

SECONDS = 120
SET_EVERY = 10.0
LONGEST_EXECUTE = 3.0


def run(world: World) -> None:
    # What was queued when it went is given up after three leases without a result.
    world.kill("web", "maintenance")
    world.start("web", "maintenance", QUEUE_LEASE_SEC=str(SECONDS // 2))
    world.start("gpu")
    first = world.start_set([slow_photo(1.5)] * 16)
    world.wait_in_hand(first)

    away_at = time.monotonic()
    world.stack.stop_engine("broker")
    executed = []
    while time.monotonic() < away_at + SECONDS:
        customer = world.customer()
        executed.append(world.start_set([QUICK] * 6, customer=customer))
        unwanted = customer.start_set([QUICK] * 2)
        assert customer.cancel(unwanted)
        time.sleep(SET_EVERY)
    sent = JobItem.objects.filter(job_id__in=executed, attempt__gt=0)
    assert not sent.exists(), "sent to a broker that was away"
    back_at = time.monotonic()
    world.stack.start_engine("broker")
    world.wait_finished(since=back_at, seconds=90)

    jobs = JobCoordinator.objects.filter(pk__in=executed)
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    for job in executed:
        assert {(item.status, item.attempt) for item in world.items(job).values()} == {("done", 1)}
    assert {item.status for item in world.items(first).values()} == {"done"}
    slowest = max(world.journal.slowest[action] for action in ("execute", "cancel"))
    assert slowest <= LONGEST_EXECUTE, f"an execute or cancel took {slowest:.1f} s"
    world.result.notes.append(
        f"away {SECONDS} s, {len(executed)} sets executed, slowest execute {slowest:.2f} s"
    )
    world.kill("web", "maintenance")
