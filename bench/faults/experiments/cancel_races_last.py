"""Cancel and the last result arrive together, a thousand times: one of them wins, once."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

from django.db import connections
from django.db.models import Count

from bench.faults.customer import Customer
from bench.faults.world import World
from jobs.models import JobCoordinator
from s3project.testing.broker import purge
from users.models import BillingEvent, UserLimiter
from users.models.reservation import job_ref

ROUNDS, BRIEF_ROUNDS = 1000, 48
CUSTOMERS = 8
CREDITS = 200
# The longest that either of them starts after the other.
LEAD = 0.004


def run(world: World) -> None:
    world.kill("gpu", "maintenance")
    world.start("web")
    rounds = (BRIEF_ROUNDS if world.brief else ROUNDS) // CUSTOMERS
    customers = [world.customer() for _ in range(CUSTOMERS)]
    seeds = [world.random.random() for _ in customers]
    with ThreadPoolExecutor(CUSTOMERS) as pool, ThreadPoolExecutor(CUSTOMERS) as reporters:
        races = [
            pool.submit(_race, world, reporters, customer, Random(seed), rounds)
            for customer, seed in zip(customers, seeds, strict=True)
        ]
        won = [race.result() for race in races]

    for customer, winners in zip(customers, won, strict=True):
        limiter = UserLimiter.objects.get(pk=customer.key)
        assert (limiter.credits, limiter.active_jobs) == (CREDITS - winners["done"], 0)
    total = sum(won, Counter())
    assert total["canceled"] > 0, "cancel never won"
    assert total["done"] > 0, "the result never won"
    settlements = BillingEvent.objects.filter(type__in=["commit", "rollback"])
    settlements = settlements.filter(user_id__in=[customer.key for customer in customers])
    jobs = settlements.aggregate(events=Count("id"), jobs=Count("ref", distinct=True))
    assert jobs == {"events": rounds * CUSTOMERS, "jobs": rounds * CUSTOMERS}
    world.result.notes.append(f"cancel won {total['canceled']} of {rounds * CUSTOMERS}")
    purge("gpu")  # nobody is to work on these
    purge("maintenance")


def _race(
    world: World, reporters: ThreadPoolExecutor, customer: Customer, random: Random, rounds: int
) -> "Counter[str]":
    """Who won how often, by what the job is now."""
    try:
        return Counter(_round(world, reporters, customer, random) for _ in range(rounds))
    finally:
        connections.close_all()


def _round(world: World, reporters: ThreadPoolExecutor, customer: Customer, random: Random) -> str:
    job = customer.start_without_photos(1)
    start = Barrier(2)
    lead = random.uniform(-LEAD, LEAD)

    def report() -> bool:
        start.wait()
        time.sleep(max(0.0, lead))
        answer = world.callback(job, 0)
        assert answer.status_code == 200, answer.text
        processed: bool = answer.json()["data"]["processed"]
        return processed

    reported = reporters.submit(report)
    start.wait()
    time.sleep(max(0.0, -lead))
    outcome = (customer.cancel(job), reported.result())
    status = JobCoordinator.objects.get(pk=job).status
    assert (outcome, status) in {((True, False), "canceled"), ((False, True), "done")}
    settled = BillingEvent.objects.filter(ref=job_ref(job)).exclude(type="reserve")
    assert [event.amount for event in settled] == [int(status == "canceled")]
    if status == "done":
        world.accept(job)  # a photo of a canceled job is never reported
    return status
