"""Sizes and cancels with real processes: what the worker refuses, and what it leaves behind."""

import time
from collections.abc import Callable

import pytest
import requests

from jobs.demo.client import Client
from jobs.demo.sets import PHOTOS
from jobs.models import JobCoordinator
from jobs.tests.clock import HOUR, MINUTE, age
from jobs.tests.objects import http_status, objects_of
from jobs.upkeep.deletion import delete_expired_objects
from s3project import ids
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

MEBIBYTE = 1024 * 1024
KITCHEN = (PHOTOS / "interior_kitchen.jpg").read_bytes()
WALL_GREEN = {"Wall": {"action": "recolor", "value": "#9db4a0"}}


def upload_set(client: Client, photos: list[bytes]) -> str:
    """A job with these photos sent, not confirmed."""
    client.sign_up_anonymously()
    job = client.create_job("interior", len(photos))
    for upload, photo in zip(job["upload"], photos, strict=True):
        requests.put(upload["url"], data=photo, timeout=60).raise_for_status()
    job_id: str = job["job_id"]
    return job_id


def wait_until(enough: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not enough():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_photo_of_26_mebibytes_fails_alone_and_is_refunded(live_stack: LiveStack) -> None:
    live_stack.start_web()
    live_stack.start_worker()
    # A decoder would take it: what follows the end of a JPEG is ignored.
    too_large = KITCHEN.ljust(26 * MEBIBYTE, b"\0")
    client = Client(live_stack.base_url)
    job_id = upload_set(client, [too_large, KITCHEN])

    assert client.confirm_upload(job_id)["missing"] == [0]
    client.execute(job_id, WALL_GREEN, protect=[])
    wait_until(lambda: client.get_job(job_id)["finished_at"] is not None)

    job = client.get_job(job_id)
    assert (job["status"], job["progress"]) == ("done", {"done": 1, "failed": 1, "total": 2})
    assert job["items"] == [
        {"idx": 0, "status": "failed", "error": "the file is larger than 25 MiB"},
        {"idx": 1, "status": "done"},
    ]
    assert (client.me()["credits"], client.me()["active_jobs"]) == (9, 0)


def test_of_a_set_canceled_at_work_nothing_stays(live_stack: LiveStack) -> None:
    live_stack.start_web()
    live_stack.start_maintenance()
    live_stack.start_worker(concurrency=1)
    client = Client(live_stack.base_url)
    # Three chunks of photos that are all new to the worker: what follows a JPEG's end is ignored.
    job_id = upload_set(client, [KITCHEN + bytes([number]) for number in range(10)])
    client.confirm_upload(job_id)
    client.execute(job_id, WALL_GREEN, protect=[])
    job = JobCoordinator.objects.get_job(ids.parse_public_id(ids.JOB, job_id))
    wait_until(lambda: client.get_job(job_id)["outputs_ready"] != [])
    url = client.get_job(job_id)["outputs_ready"][0]["result_url"]
    assert http_status(url) == 200

    canceled = client.cancel(job_id)

    assert (canceled["refunded"], canceled["credits"]) == (10, 10)
    wait_until(lambda: http_status(url) == 404)
    # The worker ends the photo that it has in hand, stores it, and is told.
    wait_until(lambda: live_stack.log("gpu").count(" succeeded in ") == 3)
    assert "is not ours (canceled)" in live_stack.log("gpu")
    assert client.get_job(job_id)["progress"]["done"] < 10
    age(job, HOUR + MINUTE)
    delete_expired_objects()
    assert objects_of(job) == {}
    assert client.get_job(job_id)["outputs_ready"] == []
    assert client.me()["active_jobs"] == 0
