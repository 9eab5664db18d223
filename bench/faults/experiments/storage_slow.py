"""Answers of the storage take so long that a photo outlives its lease: nothing is sent twice."""

import time

from bench.faults.photos import QUICK
from bench.faults.proxy import StorageProxy
from bench.faults.world import LEASES, World

SECONDS = 2.0  # of one request; a photo has three one after the other


def run(world: World) -> None:
    world.kill("web", "gpu")
    direct = world.live.environment["STORAGE_S3_ENDPOINT"]
    with StorageProxy(direct) as proxy:
        world.start("maintenance")
        world.start("web", STORAGE_S3_ENDPOINT=proxy.url, STORAGE_PUBLIC_ENDPOINT=direct)
        world.start("gpu", STORAGE_S3_ENDPOINT=proxy.url)
        proxy.seconds = SECONDS
        started_at = time.monotonic()
        jobs = [world.start_set([QUICK] * 6) for _ in range(2)]
        world.wait_finished(seconds=90)
        lasted = time.monotonic() - started_at
        for job in jobs:
            items = world.items(job).values()
            assert {(item.status, item.attempt) for item in items} == {("done", 1)}
        assert float(LEASES["WORK_LEASE_SEC"]) < 3 * SECONDS, "no lease was outlived"
        slowest = world.journal.slowest["confirm-upload"]
        assert slowest < 2 * SECONDS, f"confirm-upload took {slowest:.1f} s"
        world.result.notes.append(f"two sets of six in {lasted:.0f} s at {SECONDS:.0f} s a request")
        world.kill("web", "gpu")
