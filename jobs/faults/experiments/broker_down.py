"""The broker is away for a while: sets are accepted at once and sent when it is back."""

import time

from jobs.faults.photos import QUICK
from jobs.faults.world import World
from jobs.models import JobItem

SECONDS = 8
LONGEST_EXECUTE = 3.0


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    customer = world.customer()
    warm = world.start_set([QUICK], customer=customer)
    world.wait_done(warm, 1)

    world.stack.stop_engine("broker")
    job = world.start_set([QUICK] * 6, customer=customer)
    other = world.start_set([QUICK] * 2)
    assert set(JobItem.objects.filter(job_id=job).values_list("attempt", flat=True)) == {0}
    time.sleep(SECONDS)
    back_at = time.monotonic()
    world.stack.start_engine("broker")
    world.wait_finished(since=back_at)

    for key in (job, other):
        items = world.items(key).values()
        assert {(item.status, item.attempt) for item in items} == {("done", 1)}
    slowest = world.journal.slowest["execute"]
    assert slowest <= LONGEST_EXECUTE, f"an execute took {slowest:.1f} s"
    world.result.notes.append(f"slowest execute {slowest:.2f} s")
