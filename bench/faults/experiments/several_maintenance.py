"""Three maintenance workers run the same tasks at once, one is killed: nothing happens twice."""

import time
from datetime import timedelta

from bench.faults.keys import key_of
from bench.faults.load import busy
from bench.faults.older import make_older
from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs.models import JobCoordinator
from jobs.tasks import dispatch_due_items, expire_jobs
from users.models import BillingEvent
from users.models.reservation import job_ref

NAMES = ("maintenance", "maintenance-2", "maintenance-3")
CUSTOMERS, ABANDONED = 10, 3
ROUNDS = 30
DAYS = timedelta(days=2)


def run(world: World) -> None:
    world.start("web", "gpu", *NAMES)
    abandoned = []
    for customer in [world.customer() for _ in range(CUSTOMERS)]:
        abandoned += [key_of(customer.create(2)["job_id"]) for _ in range(ABANDONED)]
    for key in abandoned:
        make_older(key, DAYS)

    with busy(world, sets=2):
        world.wait_in_hand(world.start_set([slow_photo(0.8)] * 8))
        killed_at = time.monotonic()
        world.kill("gpu")
        for done in range(ROUNDS):
            expire_jobs.delay()
            dispatch_due_items.delay()
            if done == ROUNDS // 2:
                world.kill(NAMES[1])
        world.start("gpu")
    world.wait_finished(since=killed_at)
    canceled = JobCoordinator.objects.filter(pk__in=abandoned, status="canceled")
    world.wait_for(lambda: canceled.count() == len(abandoned), "all abandoned jobs are canceled")

    refunds = BillingEvent.objects.filter(ref__in=map(job_ref, abandoned), type="rollback")
    assert refunds.count() == len(abandoned), "a job was refunded twice or never"
    items = [item for accepted in world.jobs for item in world.items(accepted).values()]
    assert {item.status for item in items} == {"done"}
    assert max(item.attempt for item in items) <= 2
    at_work = {name: world.live.log(name).count(" canceled, ") for name in (NAMES[0], NAMES[2])}
    assert all(at_work.values()), f"one had nothing to do: {at_work}"
    world.kill(*NAMES)
