"""Users delete their accounts while workers have their photos in hand; maintenance is killed in the
midst of it, and results come late. Nothing of them is left but the numbers.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import F

from bench.faults.customer import Customer
from bench.faults.photos import slow_photo
from bench.faults.world import World
from jobs import keys
from jobs.models import JobCoordinator
from jobs.states import FINISHED
from jobs.storage.bucket import photo_storage
from jobs.upkeep.deletion import delete_expired_objects
from s3sets import NotSignedIn
from users.models import User

USERS = 4
LONG_AGO = timedelta(hours=3)  # more than the final deletion waits for what a worker still stores


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    customers = [world.customer() for _ in range(USERS)]
    jobs = [world.start_set([slow_photo(4.0)] * 6, customer=customer) for customer in customers]
    world.wait_in_hand(jobs[0])

    for customer in customers:
        customer.client.delete_me()
        assert _is_gone(customer)
    world.wait_for(lambda: _erased() > 0, "one user erased", seconds=90)
    world.kill("maintenance")
    late = [world.callback(job, 0) for job in jobs]
    world.start("maintenance")
    world.wait_for(lambda: _erased() == USERS, "all users erased", seconds=90)

    assert {answer.json()["data"]["processed"] for answer in late} <= {True, False}
    left = JobCoordinator.objects.filter(pk__in=jobs)
    assert {job.status for job in left} <= set(FINISHED)
    # What a worker stored after the erasure goes with the final deletion, an hour later.
    world.kill("gpu")
    stored_late = sum(map(_objects_of, (customer.key for customer in customers)))
    left.update(deleted_at=F("deleted_at") - LONG_AGO, updated_at=F("updated_at") - LONG_AGO)
    delete_expired_objects()
    assert [_objects_of(customer.key) for customer in customers] == [0] * USERS
    world.result.notes.append(f"{stored_late} objects were stored after the erasure")


def _is_gone(customer: Customer) -> bool:
    try:
        customer.client.me()
    except NotSignedIn:
        return True
    return False


def _erased() -> int:
    return User.objects.filter(erased_at__isnull=False).count()


def _objects_of(user_id: UUID) -> int:
    return sum(len(photo_storage().sizes(prefix)) for prefix in keys.user_prefixes(user_id))
