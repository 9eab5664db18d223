"""PostgreSQL is restarted under load: 503 and nothing else, and no process needs a restart."""

import time
from concurrent.futures import ThreadPoolExecutor

from jobs.faults.experiments.web_killed import CUSTOMERS, SETS, shop
from jobs.faults.photos import slow_photo
from jobs.faults.world import World
from jobs.models import JobCoordinator

RESTARTS = 2
SECONDS_AWAY = 2.0


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    pids = dict(world.live.pids)
    world.start_set([slow_photo(1.0)] * 6)
    with ThreadPoolExecutor(CUSTOMERS) as pool:
        load = [pool.submit(shop, world) for _ in range(CUSTOMERS)]
        for _ in range(RESTARTS):
            time.sleep(world.random.uniform(0.5, 1.5))
            world.stack.stop_engine("postgres")
            time.sleep(SECONDS_AWAY)
            world.stack.start_engine("postgres")
        for shopping in load:
            shopping.result()
    world.wait_finished()
    jobs = JobCoordinator.objects.filter(pk__in=world.jobs)
    assert jobs.count() == CUSTOMERS * SETS + 1
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    assert world.live.pids == pids, "a process was restarted"
    assert world.journal.statuses[503] > 0, "nobody noticed"
    assert world.journal.statuses[0] == 0, "a request was not answered"
    world.result.notes.append(f"{world.journal.statuses[503]} answers 503")
