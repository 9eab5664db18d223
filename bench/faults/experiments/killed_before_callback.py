"""A worker is killed after it stored a result and before it could report it."""

import time

from botocore.exceptions import ClientError

from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs import keys
from jobs.models import JobCoordinator
from jobs.storage.bucket import photo_storage


def run(world: World) -> None:
    # Three queue leases without a result give a photo up, and web may take long to start.
    world.start("web", "maintenance", "gpu", QUEUE_LEASE_SEC="60")
    # The lease is short, and is not to end before the worker does.
    world.freeze("maintenance")
    job = world.start_set([slow_photo(1.5)])
    world.wait_in_hand(job)
    world.kill("web")  # what the worker has to say now it cannot say
    owner = JobCoordinator.objects.get(pk=job).user_id
    world.wait_for(lambda: _is_stored(keys.preview_key(owner, job, 0)), "the result is stored")

    killed_at = time.monotonic()
    world.kill("gpu")
    assert world.items(job)[0].status == "pending"
    world.thaw("maintenance")
    # And that of the second one is not to end while a busy machine does something else.
    world.start("web", "gpu", QUEUE_LEASE_SEC="60", WORK_LEASE_SEC="20")
    world.wait_finished(since=killed_at)

    item = world.items(job)[0]
    assert (item.status, item.attempt) == ("done", 2)


def _is_stored(key: str) -> bool:
    storage = photo_storage()
    try:
        storage.client.head_object(Bucket=storage.bucket_name, Key=key)
    except ClientError:
        return False
    return True
