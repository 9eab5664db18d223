"""Each kind of worker has registered its own tasks, and throws away what is another's."""

import os
import re
import subprocess
import sys
from functools import partial

import pytest

from s3project.celery import app
from s3project.embedded.stack import PROJECT
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until

BANNER = re.compile(r"^  \. (\S+)$", re.MULTILINE)
GPU = {"jobs.process_items", "jobs.make_package"}
MAINTENANCE = {
    *("jobs.dispatch_due_items", "jobs.expire_jobs", "jobs.delete_expired_objects"),
    *("jobs.archive_jobs", "jobs.run_audit", "jobs.delete_outputs", "jobs.delete_job_objects"),
    *("jobs.discard_large_uploads", "jobs.count_storage", "jobs.erase_users"),
    *("jobs.forget_worker_hosts", "jobs.delete_old_packages", "jobs.note_beat"),
    *("jobs.send_webhooks", "jobs.delete_old_deliveries"),
    *("users.delete_expired_answers", "users.delete_expired_sessions"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(120)
def test_a_worker_knows_its_own_tasks_and_runs_no_other(live_stack: LiveStack) -> None:
    live_stack.start_worker()
    live_stack.start_maintenance()

    assert registered(live_stack, "gpu") == GPU
    assert registered(live_stack, "maintenance") == MAINTENANCE
    assert {one["task"] for one in app.conf.beat_schedule.values()} <= MAINTENANCE

    app.send_task("jobs.run_audit", queue="gpu")
    app.send_task("jobs.process_items", args=[{}], queue="maintenance")
    for name, task in (("gpu", "jobs.run_audit"), ("maintenance", "jobs.process_items")):
        wait_until(partial(threw_away, live_stack, name, task), seconds=30)
    assert live_stack.dead() is None


def threw_away(stack: LiveStack, name: str, task: str) -> bool:
    return f"Received unregistered task of type '{task}'" in stack.log(name)


def registered(stack: LiveStack, name: str) -> set[str]:
    return set(BANNER.findall(stack.log(name)))


@pytest.mark.parametrize(
    ("queue", "variables"),
    [("gpu", {}), ("maintenance", {"GPU_WORKER": "1"}), ("gpu,maintenance", {})],
)
def test_a_worker_of_a_queue_whose_tasks_it_does_not_know_does_not_start(
    queue: str, variables: dict[str, str]
) -> None:
    started = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "s3project", "worker", "-Q", queue],
        env={**os.environ, **variables},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert started.returncode != 0
    assert "GPU_WORKER=1" in started.stderr
