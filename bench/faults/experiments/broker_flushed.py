"""The broker forgets everything while 500 photos are queued and its clients are connected."""

import time

import redis

from bench.faults.photos import QUICK
from bench.faults.world import World
from s3project.testing.broker import purge, waiting

SETS, PHOTOS = 4, 125


def run(world: World) -> None:
    world.kill("web", "maintenance", "gpu")
    purge("gpu")
    # All of it in the broker at once, and found again though the queue is long.
    long_queue = {"JOB_WINDOW": "50", "QUEUE_LEASE_SEC": "8"}
    world.start("web", "maintenance", **long_queue)
    jobs = [world.start_set([QUICK] * PHOTOS) for _ in range(SETS)]

    with redis.Redis.from_url(world.live.environment["CELERY_BROKER_URL"]) as broker:
        queued = sum(len(message["items"]) for _, [message] in waiting("gpu"))
        assert queued == SETS * PHOTOS, f"{queued} photos were queued"
        broker.flushall()
        flushed_at = time.monotonic()
        world.start("gpu")
        world.wait_finished(since=flushed_at, seconds=120)
        for job in jobs:
            found = {(item.status, item.attempt) for item in world.items(job).values()}
            assert found == {("done", 1)}, "a lost message used up an attempt"

        broker.flushall()
    # Those who were connected all the time still reach each other.
    next_job = world.start_set([QUICK] * 2)
    world.wait_finished()
    assert {item.attempt for item in world.items(next_job).values()} == {1}
    world.kill("web", "maintenance")
