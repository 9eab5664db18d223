"""The storage refuses everything while a package is made, three times, once for longer than all
attempts of lost workers would last: nothing is reported, no attempt is lost, and the package is
ready once the storage is back.
"""

import time

from bench.faults.photos import slow_photo
from bench.faults.proxy import HALF, RESET, Fault, StorageProxy
from bench.faults.world import World
from jobs.models import JobPackage
from jobs.states import PackageStatus

TEMPLATE = "three_looks"
# Seconds; a worker repeats a request for 7, and three attempts end after about 30.
FAULTS: tuple[tuple[Fault, float], ...] = ((503, 45.0), (RESET, 9.0), (HALF, 9.0))


def run(world: World) -> None:
    world.kill("web", "packer")
    direct = world.live.environment["STORAGE_S3_ENDPOINT"]
    with StorageProxy(direct) as proxy:
        world.start("maintenance", "gpu", "web")
        world.start("packer", STORAGE_S3_ENDPOINT=proxy.url)
        customer = world.customer()
        job = world.start_set([slow_photo(0.8)] * 3, customer=customer)
        world.wait_finished()
        attempts = []
        for fault, away in FAULTS:
            world.ask_for_package(customer, job, TEMPLATE)
            world.wait_packer_has(job, TEMPLATE)
            proxy.always(fault)
            time.sleep(away)
            package = JobPackage.objects.get(job_id=job, template=TEMPLATE)
            assert package.status == PackageStatus.PENDING, (fault, package.error)
            proxy.always(None)
            attempts.append(world.wait_packed(customer, job, TEMPLATE).attempt)
        world.kill("packer")
    assert attempts == [1, 1, 1], attempts
    outages = " + ".join(f"{seconds:.0f}" for _, seconds in FAULTS)
    world.result.notes.append(f"away {outages} s, ready at attempts {attempts}")
