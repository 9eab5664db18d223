"""Sets of a hundred photos keep all workers busy; sets of six are taken up at once all the same.

Nothing is broken here: what is asked is whether one customer's photos keep another's waiting. A
photo takes about an item time; a worker has four of them in hand and is not interrupted.
"""

import statistics
import time

from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs.models import JobItem
from jobs.states import ItemStatus

ITEM_SECONDS = (0.8, 1.2)
CHUNK = 4
SMALL_SETS = 6


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu", "gpu2")  # four processes that edit
    photos = [slow_photo(world.random.uniform(*ITEM_SECONDS)) for _ in range(100)]
    owners = [world.customer() for _ in range(3)]
    large = {owner.start_set(photos): owner for owner in owners}
    for job in large:
        world.wait_done(job, 4)

    waits: list[float] = []
    item_time = statistics.mean(ITEM_SECONDS) + 0.1  # what surrounds the looking
    for _ in range(SMALL_SETS):
        small = world.start_set([slow_photo(ITEM_SECONDS[0])] * 6, customer=world.customer())
        executed_at = time.monotonic()
        world.wait_in_hand(small)
        waits.append((time.monotonic() - executed_at) / item_time)
        time.sleep(world.random.uniform(0, 1))
    world.wait_finished()
    left = JobItem.objects.filter(job_id__in=large, status=ItemStatus.PENDING).count()
    assert left > 100, "the large sets were over before the small ones"
    for job, owner in large.items():
        assert owner.cancel(job)
    world.kill("gpu2")

    typical, longest = statistics.median(waits), max(waits)
    world.result.notes.append(f"waited {typical:.1f} item times, at most {longest:.1f}")
    assert typical <= 2, waits
    assert longest <= CHUNK + 1, waits
