"""The key pair of the storage is replaced under load: no photo and no URL is lost.

In the order of docs/operations.md: the storage accepts both, the processes use the new one, and an
hour later, when no URL of the old one is alive, it goes.
"""

from uuid import UUID

import requests
from botocore.exceptions import ClientError

from bench.faults.customer import Customer, put
from bench.faults.load import busy
from bench.faults.photos import QUICK, slow_photo
from bench.faults.world import World
from s3project.bucket import storage_client

ACCESS, SECRET = "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"
Keys = dict[str, str]
NEW: Keys = {ACCESS: "the-next-key", SECRET: "the-next-secret-" * 3}


def run(world: World) -> None:
    old = {name: world.live.environment[name] for name in NEW}
    world.kill("web", "maintenance", "gpu")
    world.start("web", "maintenance", "gpu")
    customer = world.customer()
    waiting = customer.create(2)
    try:
        with busy(world):
            job = world.start_set([slow_photo(0.8)] * 8, customer=customer)
            world.wait_done(job, 1)
            early_url = _result_url(customer, job)
            _accept(world, NEW, old)
            for name in ("web", "gpu", "maintenance"):
                world.stop(name)
                world.start(name, **NEW)
            for upload in waiting["upload"]:
                put(upload["url"], QUICK)
            assert requests.get(early_url, timeout=10).ok, "an old URL is refused too early"
            world.wait_done(job, 8)
            _accept(world, NEW)
            assert requests.get(early_url, timeout=10).status_code == 403
            assert requests.get(_result_url(customer, job), timeout=10).ok
        customer.confirm(waiting["job_id"])
        world.accept(customer.execute(waiting["job_id"]))
        world.wait_finished()
    finally:
        _accept(world, old)
        world.kill("web", "maintenance", "gpu")
    for accepted in world.jobs:
        found = {(item.status, item.attempt) for item in world.items(accepted).values()}
        assert found == {("done", 1)}, found
    refused = {status for status in world.journal.statuses if status >= 400}
    assert refused == set(), f"a customer was refused: {refused}"
    assert not world.journal.cut_off, f"cut off: {world.journal.cut_off}"


def _accept(world: World, *accepted: Keys) -> None:
    """Returns when the storage is open to these, and to no others."""
    world.stack.accept_storage_keys(*((keys[ACCESS], keys[SECRET]) for keys in accepted))
    known = ({name: world.live.environment[name] for name in NEW}, NEW)
    world.wait_for(
        lambda: all(_opens(world, keys) == (keys in accepted) for keys in known),
        "the storage has the new list of keys",
    )


def _opens(world: World, keys: Keys) -> bool:
    endpoint = world.live.environment["STORAGE_S3_ENDPOINT"]
    client = storage_client(endpoint, keys[ACCESS], keys[SECRET])
    try:
        client.list_objects_v2(Bucket=world.live.environment["STORAGE_BUCKET"], MaxKeys=1)
    except ClientError:
        return False
    return True


def _result_url(customer: Customer, job: UUID) -> str:
    shown = customer.see(job)
    url: str = shown["outputs_ready"][0]["result_url"]
    return url
