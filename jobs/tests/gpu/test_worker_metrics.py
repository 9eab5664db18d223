"""What a GPU worker tells of itself: two processes, of which one dies."""

import psutil
import pytest
import requests
from django.db.models.functions import Now

from bench.faults.photos import DEADLY, QUICK
from bench.faults.world import PATIENT_LEASES, World
from jobs.models import JobCoordinator, JobItem
from jobs.states import FINISHED
from s3project.embedded.ports import free_port
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.metrics import samples_of
from s3project.testing.plugin import live_stack_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def told(port: int) -> dict[tuple[str, ...], float]:
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20)
    return samples_of(answer.text)


def kill_a_process_by_each_attempt(world: World) -> None:
    """Leases are long here, so that nothing is made twice because the machine is busy: that of a
    process that died is ended for it."""
    job = world.start_set([DEADLY])
    finished = JobCoordinator.objects.filter(pk=job, status__in=FINISHED)

    def is_given_up() -> bool:
        for item in JobItem.objects.in_hand().filter(job_id=job):
            if not psutil.pid_exists(int(item.claimed_by.rpartition(":")[2])):
                JobItem.objects.filter(pk=item.pk).update(lease_expires_at=Now())
        return finished.exists()

    world.wait_for(is_given_up, "the photo that kills processes is given up", 90)


def test_the_processes_of_a_worker_add_up_also_when_one_was_killed(
    engines: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port, folder = free_port(), tmp_path_factory.mktemp("counts")
    with (
        live_stack_of(engines, tmp_path_factory.mktemp("metrics")) as live,
        World(engines, live) as world,
    ):
        world.start("web", "maintenance", **PATIENT_LEASES)
        world.start("gpu", METRICS_PORT=str(port), PROMETHEUS_MULTIPROC_DIR=str(folder))
        world.start_set([QUICK] * 12)
        world.wait_finished()
        before = told(port)
        # By itself: what works beside it when the process dies is made, and counted, once more.
        kill_a_process_by_each_attempt(world)
        world.start_set([QUICK])
        world.wait_finished()
        after = told(port)

    assert before[("s3_photos_total", "done")] == 12
    for stage in ("fetch", "decode", "segment", "encode", "store"):
        assert before[("s3_stage_seconds_count", stage)] == 12
        assert 0 < before[("s3_stage_seconds_sum", stage)] < 60
    assert after[("s3_photos_total", "done")] == 13, "nothing is lost with a process"
    assert after[("s3_stage_seconds_count", "store")] == 13
