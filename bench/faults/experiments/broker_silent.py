"""The broker takes connections and commands and answers none."""

import signal
import time

from bench.faults.photos import QUICK
from bench.faults.world import World

LONGEST_EXECUTE = 3.0


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    customer = world.customer()
    warm = world.start_set([QUICK], customer=customer)
    world.wait_done(warm, 1)

    world.stack.signal_engine("broker", signal.SIGSTOP)
    try:
        world.start_set([QUICK] * 10, customer=customer)
        world.start_set([QUICK] * 2)
    finally:
        thawed_at = time.monotonic()
        world.stack.signal_engine("broker", signal.SIGCONT)
    world.wait_finished(since=thawed_at)

    assert {item.status for job in world.jobs for item in world.items(job).values()} == {"done"}
    slowest = world.journal.slowest["execute"]
    assert slowest <= LONGEST_EXECUTE, f"an execute took {slowest:.1f} s"
    world.result.notes.append(f"slowest execute {slowest:.2f} s")
