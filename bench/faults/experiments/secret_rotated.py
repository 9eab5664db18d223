"""The callback secret and the key of the tokens are replaced under load: nobody is refused.

In the order of docs/operations.md: the server learns the new ones, the workers send the new one,
the old ones go.
"""

import time

import jwt

from bench.faults.customer import Customer
from bench.faults.load import busy
from bench.faults.photos import slow_photo
from bench.faults.world import World

LONGEST_REQUEST = 3.0
NAMES = ("GPU_CALLBACK_SECRET", "JWT_SECRET")
NEW = {name: f"{name}-" * 4 for name in NAMES}


def run(world: World) -> None:
    old = {name: world.live.environment[name] for name in NAMES}
    world.kill("web", "maintenance", "gpu")
    world.start("web", "maintenance", "gpu")
    early = world.customer()
    job = world.start_set([slow_photo(0.8)] * 8, customer=early)
    with busy(world, sets=3) as customers:
        world.wait_done(job, 1)
        world.stop("web")
        world.start("web", **{name: f"{NEW[name]},{old[name]}" for name in NAMES})
        late = world.customer()
        _signed_with(late, NEW["JWT_SECRET"])
        world.wait_done(job, 3)
        world.stop("gpu")
        world.start("gpu", GPU_CALLBACK_SECRET=NEW["GPU_CALLBACK_SECRET"])
        # A month later, when no token of the old key is alive.
        for customer in customers:
            customer.refresh()
            _signed_with(customer, NEW["JWT_SECRET"])
        # Nor a request that began with one, and would be repeated with it.
        time.sleep(LONGEST_REQUEST)
        world.stop("web")
        world.start("web", **NEW)
    world.wait_finished()
    assert {(item.status, item.attempt) for item in world.items(job).values()} == {("done", 1)}
    refused = {status for status in world.journal.statuses if 400 <= status < 500}
    assert refused == set(), f"a customer was refused: {refused}"
    assert not world.journal.cut_off, f"cut off: {world.journal.cut_off}"

    assert world.callback(job, 0).status_code == 403, "the old secret still opens"
    # The client gets itself a new token, as it does when one has ended.
    assert early.client.me()["active_jobs"] == 0
    assert world.journal.statuses[401] == 1, "a token of the old key is still good"
    world.kill("web", "maintenance", "gpu")


def _signed_with(customer: Customer, key: str) -> None:
    jwt.decode(customer.token, key, algorithms=["HS256"])
