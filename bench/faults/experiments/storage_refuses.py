"""The storage answers 500 or 503, drops connections, or breaks off in the middle of a photo.

A fault that passes is bridged by the client's own repetitions; one that stays ends in a photo that
is given back, after a bounded number of tries.
"""

import time

from bench.faults.customer import Customer
from bench.faults.keys import key_of
from bench.faults.photos import QUICK
from bench.faults.proxy import HALF, RESET, Fault, StorageProxy
from bench.faults.world import World
from jobs import keys
from jobs.gpu.chunk_pipeline import STORAGE_AWAY
from jobs.models import JobCoordinator
from users.models import UserLimiter

TRIES = 4  # of a worker, for one request
LONGEST_CONFIRM = 12.0


def run(world: World) -> None:
    world.kill("web", "gpu")
    direct = world.live.environment["STORAGE_S3_ENDPOINT"]
    with StorageProxy(direct) as proxy:
        world.start("maintenance")
        world.start("web", STORAGE_S3_ENDPOINT=proxy.url, STORAGE_PUBLIC_ENDPOINT=direct)
        world.start("gpu", STORAGE_S3_ENDPOINT=proxy.url)
        customer = world.customer()
        for fault in (500, 503, RESET, HALF):
            proxy.first(fault, 2)
            passing = world.start_set([QUICK] * 3, customer=customer)
            world.wait_finished()
            found = {(item.status, item.attempt) for item in world.items(passing).values()}
            assert found == {("done", 1)}, (fault, found)
            _stays(world, proxy, customer, fault)
        world.kill("web", "gpu")


def _stays(world: World, proxy: StorageProxy, customer: Customer, fault: Fault) -> None:
    credits = UserLimiter.objects.get(pk=customer.key).credits
    waiting = customer.create_and_upload([QUICK])
    confirmed = customer.create_and_upload([QUICK])
    customer.confirm(confirmed)

    proxy.always(fault)
    asked_at = time.monotonic()
    assert customer.is_told_to_confirm_later(waiting)
    assert time.monotonic() - asked_at <= LONGEST_CONFIRM
    assert JobCoordinator.objects.get(pk=key_of(waiting)).status == "created"
    job = customer.execute(confirmed)
    world.accept(job)
    world.wait_finished()
    item = world.items(job)[0]
    assert (item.status, item.error, item.attempt) == ("failed", STORAGE_AWAY, 1)
    path = f"/{world.live.environment['STORAGE_BUCKET']}/{keys.input_key(customer.key, job, 0)}"
    assert proxy.refused[path] == TRIES

    proxy.always(None)
    assert customer.confirm(waiting) == []
    world.accept(customer.execute(waiting))
    world.wait_finished()
    assert UserLimiter.objects.get(pk=customer.key).credits == credits - 1
