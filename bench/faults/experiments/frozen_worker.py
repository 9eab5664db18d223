"""A worker stands still for longer than its lease, and goes on where it was."""

import time

from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs.models import JobItem
from jobs.states import ItemStatus


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    job = world.start_set([slow_photo(1.5)] * 3)
    held = world.wait_in_hand(job)

    frozen_at = time.monotonic()
    world.freeze("gpu")
    world.start("gpu2")
    taken_over = JobItem.objects.filter(pk=held[0].pk, status=ItemStatus.DONE)
    world.wait_for(taken_over.exists, "another worker took over")
    world.thaw("gpu")
    world.wait_finished(since=frozen_at)

    # What the frozen one reports of a photo that another has done meanwhile changes nothing.
    world.wait_for(lambda: world.ignored_results() >= 1, "a late result", seconds=20)
    items = world.items(job)
    assert {item.status for item in items.values()} == {"done"}
    assert items[held[0].idx].attempt >= 2
    world.kill("gpu2")
