"""The broker is restarted while sets are watched: hints are lost, and no change is."""

import time

from bench.faults.photos import slow_photo
from bench.faults.watching import sets_in_work, watched
from bench.faults.world import World

SECONDS_AWAY = 3.0


def run(world: World) -> None:
    world.start("web", "maintenance", "events", "gpu")
    pid = world.live.pids["events"]
    sets = sets_in_work(world, [slow_photo(0.5)] * 6, 1 if world.brief else 3)
    with watched(world, sets):
        for _ in range(1 if world.brief else 2):
            time.sleep(world.random.uniform(0.3, 1.0))
            world.stack.stop_engine("broker")
            time.sleep(SECONDS_AWAY)
            world.stack.start_engine("broker")
        world.wait_finished(seconds=90)
    assert world.live.pids["events"] == pid
    assert world.live.dead() is None
