"""The API is killed at random moments under load. The clients' own records are the witness."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import connections

from jobs.faults.customer import Customer
from jobs.faults.photos import QUICK
from jobs.faults.world import World
from jobs.models import JobCoordinator

CUSTOMERS = 4
SETS = 3
KILLS = 4


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    with ThreadPoolExecutor(CUSTOMERS) as pool:
        load = [pool.submit(shop, world) for _ in range(CUSTOMERS)]
        for _ in range(KILLS):
            time.sleep(world.random.uniform(0.2, 1.5))
            world.kill("web")
            world.start("web")
        for shopping in load:
            shopping.result()
    world.wait_finished()
    jobs = JobCoordinator.objects.filter(pk__in=world.jobs)
    assert jobs.count() == CUSTOMERS * SETS
    assert set(jobs.values_list("status", flat=True)) == {"done"}
    world.result.notes.append(f"{world.journal.statuses[0]} requests cut off")


def shop(world: World) -> None:
    """A customer who has a few sets made, one after the other."""
    try:
        customer: Customer = world.customer()
        for _ in range(SETS):
            job = customer.start_set([QUICK] * 2)
            world.accept(job)
            _poll(customer, job)
    finally:
        connections.close_all()


def _poll(customer: Customer, job: UUID) -> None:
    public = JobCoordinator(id=job).public_id
    deadline = time.monotonic() + 60
    while customer.call("GET", f"/jobs/{public}")["status"] not in ("done", "failed"):
        assert time.monotonic() < deadline, f"{public} does not end"
        time.sleep(0.2)
