"""A packer is killed in the middle of a package, twice: the next one begins anew and ends it, and
photos go on meanwhile. With three kills the package fails, and may be asked for again.
"""

from uuid import UUID

from bench.faults.photos import QUICK, slow_photo
from bench.faults.world import World
from jobs.models import JobPackage
from jobs.states import PackageStatus

# Looks at each photo anew, since the obedient segmenter remembers nothing.
TEMPLATE = "three_looks"
ATTEMPTS = 3


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu", "packer")
    customer = world.customer()
    job = world.start_set([slow_photo(0.8)] * 3, customer=customer)
    world.wait_finished()

    world.ask_for_package(customer, job, TEMPLATE)
    for attempt in (1, 2):
        _kill_in_hand(world, job, attempt)
        world.start_set([QUICK], customer=customer)
        world.wait_finished()
        world.start("packer")
    assert world.wait_packed(customer, job, TEMPLATE).attempt == ATTEMPTS

    world.ask_for_package(customer, job, TEMPLATE)
    for attempt in range(1, ATTEMPTS + 1):
        _kill_in_hand(world, job, attempt)
        if attempt < ATTEMPTS:
            world.start("packer")
    failed = JobPackage.objects.filter(job_id=job, status=PackageStatus.FAILED)
    world.wait_for(failed.exists, "the package is given up")
    assert failed.get().error == "worker_lost"

    world.start("packer")
    world.ask_for_package(customer, job, TEMPLATE)
    package = world.wait_packed(customer, job, TEMPLATE)
    assert (package.edition, package.attempt) == (3, 1)
    world.result.notes.append("5 kills, ready at the third attempt, then given up and asked anew")


def _kill_in_hand(world: World, job: UUID, attempt: int) -> None:
    world.wait_packer_has(job, TEMPLATE, attempt=attempt)
    world.kill("packer")
