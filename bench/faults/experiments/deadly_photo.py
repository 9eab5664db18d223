"""One photo kills every worker that looks at it: its neighbours are done, it is given back."""

from bench.faults.photos import DEADLY, QUICK
from bench.faults.world import World
from jobs.models import JobItem
from jobs.states import ItemStatus

DEADLY_IDX = 1


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    photos = [QUICK] * 6
    photos[DEADLY_IDX] = DEADLY
    job = world.start_set(photos)
    world.wait_finished()

    items = world.items(job)
    lost = items.pop(DEADLY_IDX)
    found = (lost.status, lost.error, lost.attempt)
    assert found == ("failed", "worker_lost", 3), found
    assert {item.status for item in items.values()} == {"done"}
    assert max(item.attempt for item in items.values()) <= 2
    # Celery's own repetitions have ended too: the worker is free for the next set.
    next_job = world.start_set([QUICK] * 2)
    world.wait_finished()
    assert JobItem.objects.filter(job_id=next_job, status=ItemStatus.DONE).count() == 2
