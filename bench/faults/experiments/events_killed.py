"""The events process is killed again and again while sets are watched: nobody misses the end."""

import time

from bench.faults.photos import slow_photo
from bench.faults.watching import sets_in_work, watched
from bench.faults.world import World

KILLS, BRIEF_KILLS = 6, 2
SECONDS_AWAY = 1.0


def run(world: World) -> None:
    world.start("web", "maintenance", "events", "gpu")
    sets = sets_in_work(world, [slow_photo(1.5)] * 6, 1 if world.brief else 3)
    with watched(world, sets) as listeners:
        for _ in range(BRIEF_KILLS if world.brief else KILLS):
            time.sleep(world.random.uniform(0.3, 1.5))
            world.kill("events")
            time.sleep(SECONDS_AWAY)
            world.start("events")
        world.wait_finished(seconds=90)
    assert any(len(one.statuses) > 1 for one in listeners), "nobody was cut off"
