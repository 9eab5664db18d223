"""PostgreSQL is restarted under load, then killed: 503 and nothing else, no process ends."""

import signal
import time

from bench.faults.load import busy
from bench.faults.photos import slow_photo
from bench.faults.world import PATIENT_LEASES, World
from jobs.models import JobCoordinator

SECONDS_AWAY = 2.0


def run(world: World) -> None:
    world.kill("web", "maintenance")
    world.start("web", "maintenance", "gpu", **PATIENT_LEASES)
    pids = dict(world.live.pids)
    world.start_set([slow_photo(1.0)] * 6)
    with busy(world, sets=3):
        for killed in (False, True, False):
            time.sleep(world.random.uniform(0.5, 1.5))
            if killed:
                world.stack.signal_engine("postgres", signal.SIGKILL)
            world.stack.stop_engine("postgres")
            time.sleep(SECONDS_AWAY)
            world.stack.start_engine("postgres")
    world.wait_finished(seconds=90)
    jobs = JobCoordinator.objects.filter(pk__in=world.jobs)
    assert jobs.count() == len(world.jobs)
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    assert world.live.pids == pids, "a process was restarted"
    assert world.journal.statuses[503] > 0, "nobody noticed"
    assert world.journal.statuses[0] == 0, "a request was not answered"
    world.result.notes.append(f"{world.journal.statuses[503]} answers 503")
    world.kill("web", "maintenance")
