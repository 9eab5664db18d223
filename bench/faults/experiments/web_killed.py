"""The API is killed at random moments under load. The clients' own records are the witness."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from bench.faults.customer import Customer
from bench.faults.load import busy
from bench.faults.world import PATIENT_LEASES, World
from jobs.models import JobCoordinator

KILLS, BRIEF_KILLS = 15, 4
CANCELED = 0.4  # of the sets
# Those who have sets made mostly listen, and few requests are under way when a process is killed:
# so many customers ask all the time, within what they may.
ASKING, PAUSE = 3, 0.06


def run(world: World) -> None:
    world.kill("web", "maintenance")
    world.start("web", "maintenance", "gpu", **PATIENT_LEASES)
    with busy(world, sets=3, cancels=CANCELED), asked_all_the_time(world):
        for kill in range(1, KILLS + 1):
            time.sleep(world.random.uniform(0.2, 1.5))
            world.kill("web")
            world.start("web", **PATIENT_LEASES)
            if world.brief and kill >= BRIEF_KILLS and _was_noticed(world):
                break
    world.wait_finished(seconds=90)
    jobs = JobCoordinator.objects.filter(pk__in=world.jobs)
    assert jobs.count() == len(world.jobs)
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    assert _was_noticed(world), "no request was cut off"
    cut_off, answered = world.journal.cut_off, world.journal.statuses[503]
    sent = ", ".join(f"{action} {times}" for action, times in sorted(cut_off.items()))
    world.result.notes.append(f"cut off: {sent or 'none'}, {answered} answers 503")
    world.kill("web", "maintenance")


@contextmanager
def asked_all_the_time(world: World) -> Iterator[None]:
    over = Event()

    def ask(customer: Customer) -> None:
        while not over.wait(PAUSE):
            customer.client.me()

    with ThreadPoolExecutor(ASKING) as pool:
        asking = [pool.submit(ask, world.customer()) for _ in range(ASKING)]
        try:
            yield
        finally:
            over.set()
        for one in asking:
            one.result()


def _was_noticed(world: World) -> bool:
    """Whether a kill met a request. The front answers for a web process that is gone; without one
    the connection breaks."""
    return bool(world.journal.cut_off or world.journal.statuses[503])
