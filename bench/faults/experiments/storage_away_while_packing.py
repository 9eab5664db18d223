"""The storage refuses everything while a package is made, for as long as a worker asks and longer:
nothing is reported, and the package is ready once the storage is back.
"""

import time

from bench.faults.photos import slow_photo
from bench.faults.proxy import HALF, RESET, Fault, StorageProxy
from bench.faults.world import World
from jobs.models import JobPackage
from jobs.states import PackageStatus

TEMPLATE = "three_looks"
AWAY = 9.0  # seconds; a worker repeats a request for 7


def run(world: World) -> None:
    world.kill("web", "packer")
    direct = world.live.environment["STORAGE_S3_ENDPOINT"]
    with StorageProxy(direct) as proxy:
        world.start("maintenance", "gpu", "web")
        world.start("packer", STORAGE_S3_ENDPOINT=proxy.url)
        customer = world.customer()
        job = world.start_set([slow_photo(0.8)] * 3, customer=customer)
        world.wait_finished()
        faults: tuple[Fault, ...] = (503, RESET, HALF)
        attempts = []
        for fault in faults:
            world.ask_for_package(customer, job, TEMPLATE)
            world.wait_packer_has(job, TEMPLATE)
            proxy.always(fault)
            time.sleep(AWAY)
            package = JobPackage.objects.get(job_id=job, template=TEMPLATE)
            assert package.status == PackageStatus.PENDING, (fault, package.error)
            proxy.always(None)
            attempts.append(world.wait_packed(customer, job, TEMPLATE).attempt)
        world.kill("packer")
    world.result.notes.append(f"away {AWAY:.0f} s three times, ready at attempts {attempts}")
