"""Sizes and cancels with real processes: what the worker refuses, and what it leaves behind."""

from typing import Any

import pytest
import requests

from jobs import keys
from jobs.models import JobCoordinator
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import HOUR, MINUTE, age
from jobs.tests.live_sets import (
    KITCHEN,
    WALL_GREEN,
    is_finished,
    new_to_the_worker,
    start_set,
    upload_set,
    wait_for,
)
from jobs.tests.objects import http_status, objects_of
from jobs.tests.plain_client import Client
from jobs.upkeep.deletion import delete_expired_objects
from s3project import ids
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

MEBIBYTE = 1024 * 1024


def _fates(job: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of each photo, without what was found in it."""
    return [{key: item[key] for key in item if key != "instances"} for item in job["items"]]


def test_a_photo_of_26_mebibytes_fails_alone_and_is_refunded(live_stack: LiveStack) -> None:
    live_stack.start_web()
    live_stack.start_worker()
    # A decoder would take it: what follows the end of a JPEG is ignored.
    too_large = KITCHEN.ljust(26 * MEBIBYTE, b"\0")
    client = Client(live_stack.base_url)
    job_id = upload_set(client, [too_large, KITCHEN])

    assert client.confirm_upload(job_id)["missing"] == [0]
    client.execute(job_id, WALL_GREEN, protect=[])
    job = wait_for(client, job_id, is_finished)

    assert (job["status"], job["progress"]) == ("done", {"done": 1, "failed": 1, "total": 2})
    assert _fates(job) == [
        {"idx": 0, "status": "failed", "error": "the file is larger than 25 MiB"},
        {"idx": 1, "status": "done"},
    ]
    assert (client.me()["credits"], client.me()["active_jobs"]) == (9, 0)


def test_a_photo_that_was_discarded_as_too_large_fails_with_that_reason_and_may_be_sent_again(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web()
    live_stack.start_maintenance()
    client = Client(live_stack.base_url)
    too_large = KITCHEN.ljust(26 * MEBIBYTE, b"\0")
    job_id = upload_set(client, [too_large, too_large, KITCHEN])
    upload = client.get_job(job_id)["upload"]
    job = JobCoordinator.objects.get_job(ids.parse_public_id(ids.JOB, job_id))
    folder = keys.input_prefix(job.user_id, job.id)

    assert client.confirm_upload(job_id)["missing"] == [0, 1]
    wait_until(lambda: sum(photo_storage().sizes(folder).values()) == len(KITCHEN), seconds=60)
    requests.put(upload[1]["url"], data=KITCHEN, timeout=30).raise_for_status()
    live_stack.start_worker()
    client.execute(job_id, WALL_GREEN, protect=[])
    finished = wait_for(client, job_id, is_finished)

    assert _fates(finished) == [
        {"idx": 0, "status": "failed", "error": "the file is larger than 25 MiB"},
        {"idx": 1, "status": "done"},
        {"idx": 2, "status": "done"},
    ]
    assert client.me()["credits"] == 8


def test_of_a_set_canceled_at_work_nothing_stays(live_stack: LiveStack) -> None:
    live_stack.start_web()
    live_stack.start_maintenance()
    live_stack.start_worker(concurrency=1)
    # Three chunks.
    client, job_id = start_set(live_stack.base_url, new_to_the_worker(KITCHEN, 10))
    job = JobCoordinator.objects.get_job(ids.parse_public_id(ids.JOB, job_id))
    shown = wait_for(client, job_id, lambda job: job["outputs_ready"] != [])
    url = shown["outputs_ready"][0]["result_url"]
    assert http_status(url) == 200

    canceled = client.cancel(job_id)

    assert (canceled["refunded"], canceled["credits"]) == (10, 10)
    wait_until(lambda: http_status(url) == 404, seconds=120)
    # The worker ends the photo that it has in hand, stores it, and is told.
    wait_until(lambda: live_stack.log("gpu").count(" succeeded in ") == 3, seconds=120)
    assert "is not ours (canceled)" in live_stack.log("gpu")
    assert client.get_job(job_id)["progress"]["done"] < 10
    age(job, HOUR + MINUTE)
    delete_expired_objects()
    assert objects_of(job) == {}
    assert client.get_job(job_id)["outputs_ready"] == []
    assert client.me()["active_jobs"] == 0
