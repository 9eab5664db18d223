"""PostgreSQL is killed and restarted while sets are watched: streams stay open and catch up."""

import signal
import time

from bench.faults.photos import slow_photo
from bench.faults.watching import sets_in_work, watched
from bench.faults.world import PATIENT_LEASES, World

SECONDS_AWAY = 2.0


def run(world: World) -> None:
    world.kill("web", "maintenance")
    world.start("web", "maintenance", "events", "gpu", **PATIENT_LEASES)
    pid = world.live.pids["events"]
    sets = sets_in_work(world, [slow_photo(0.5)] * 6, 1 if world.brief else 3)
    with watched(world, sets) as listeners:
        for killed in (True,) if world.brief else (False, True):
            time.sleep(world.random.uniform(0.3, 1.0))
            if killed:
                world.stack.signal_engine("postgres", signal.SIGKILL)
            world.stack.stop_engine("postgres")
            time.sleep(SECONDS_AWAY)
            world.stack.start_engine("postgres")
        world.wait_finished(seconds=90)
    assert all(one.statuses == [200] for one in listeners), "a stream was cut off"
    assert world.live.pids["events"] == pid
    assert world.live.dead() is None
    world.kill("web", "maintenance")
