"""The API is killed at random moments under load. The clients' own records are the witness."""

import time

from bench.faults.load import busy
from bench.faults.world import PATIENT_LEASES, World
from jobs.models import JobCoordinator

KILLS, BRIEF_KILLS = 15, 4
CANCELED = 0.4  # of the sets


def run(world: World) -> None:
    world.kill("web", "maintenance")
    world.start("web", "maintenance", "gpu", **PATIENT_LEASES)
    with busy(world, sets=3, cancels=CANCELED):
        for _ in range(BRIEF_KILLS if world.brief else KILLS):
            time.sleep(world.random.uniform(0.2, 1.5))
            world.kill("web")
            world.start("web", **PATIENT_LEASES)
    world.wait_finished(seconds=90)
    jobs = JobCoordinator.objects.filter(pk__in=world.jobs)
    assert jobs.count() == len(world.jobs)
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    # The front answers for a web process that is gone; without one the connection breaks.
    cut_off, answered = world.journal.cut_off, world.journal.statuses[503]
    assert cut_off or answered, "no request was cut off"
    sent = ", ".join(f"{action} {times}" for action, times in sorted(cut_off.items()))
    world.result.notes.append(f"cut off: {sent or 'none'}, {answered} answers 503")
    world.kill("web", "maintenance")
