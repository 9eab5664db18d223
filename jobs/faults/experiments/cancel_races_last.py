"""Cancel and the last result arrive together, again and again: one of them wins, once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from jobs.faults.photos import QUICK
from jobs.faults.world import World
from jobs.models import JobCoordinator

ROUNDS = 20


def run(world: World) -> None:
    world.start("web")
    world.kill("gpu")
    customer = world.customer()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            job = world.start_set([QUICK], customer=customer)
            public = JobCoordinator(id=job).public_id
            start = Barrier(2)

            def cancel(path: str = f"/jobs/{public}/cancel", start: Barrier = start) -> int:
                start.wait()
                answer = customer.send("POST", path)
                assert answer is not None
                return answer.status_code

            def report(job: UUID = job, start: Barrier = start) -> bool:
                start.wait()
                answer = world.callback(job, 0)
                assert answer.status_code == 200, answer.text
                processed: bool = answer.json()["data"]["processed"]
                return processed

            canceled, reported = pool.submit(cancel), pool.submit(report)
            outcome = (canceled.result(), reported.result())
            assert outcome in {(200, False), (409, True)}, outcome
            status = JobCoordinator.objects.get(pk=job).status
            assert status == ("canceled" if outcome[0] == 200 else "done")
    wins = sum(JobCoordinator.objects.get(pk=job).status == "canceled" for job in world.jobs)
    world.result.notes.append(f"cancel won {wins} of {ROUNDS}")
    # A photo of a canceled job is never reported.
    world.jobs = [
        job for job in world.jobs if JobCoordinator.objects.get(pk=job).status != "canceled"
    ]
