"""A GPU worker is killed with its children in the middle of a set; another takes over."""

import time

from bench.faults.photos import slow_photo
from bench.faults.world import World


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    job = world.start_set([slow_photo(0.8)] * 8)
    world.wait_done(job, 1)
    held = world.wait_in_hand(job)

    killed_at = time.monotonic()
    world.kill("gpu")
    world.start("gpu")
    world.wait_finished(since=killed_at)

    items = world.items(job)
    assert {item.status for item in items.values()} == {"done"}
    assert max(item.attempt for item in items.values()) == 2, "nothing was in hand"
    assert all(items[item.idx].attempt <= 2 for item in held)
