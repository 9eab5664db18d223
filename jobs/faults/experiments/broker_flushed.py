"""The broker forgets everything while photos are queued, and while its clients are connected."""

import time

import redis

from jobs.faults.photos import QUICK
from jobs.faults.world import World


def run(world: World) -> None:
    world.start("web", "maintenance")
    world.kill("gpu")
    customer = world.customer()
    job = world.start_set([QUICK] * 10, customer=customer)

    flushed_at = time.monotonic()
    with redis.Redis.from_url(world.live.environment["CELERY_BROKER_URL"]) as broker:
        assert broker.llen("gpu") == 3, "the chunks were not queued"
        broker.flushall()
    world.start("gpu")
    world.wait_finished(since=flushed_at)
    assert {(item.status, item.attempt) for item in world.items(job).values()} == {("done", 1)}

    with redis.Redis.from_url(world.live.environment["CELERY_BROKER_URL"]) as broker:
        broker.flushall()
    # Those who were connected all the time still reach each other.
    next_job = world.start_set([QUICK] * 2, customer=customer)
    world.wait_finished()
    assert {item.attempt for item in world.items(next_job).values()} == {1}
