"""A live worker with no key to the storage and no shared secret: URLs and tokens only."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import requests

from jobs.storage.bucket import photo_storage
from jobs.tests.live_sets import (
    KITCHEN,
    WAITING_ROOM,
    WALL_GREEN,
    is_finished,
    new_to_the_worker,
    start_set,
    wait_for,
)
from jobs.tests.plain_client import Client
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

MESSAGES = {"MESSAGE_KEY": "m" * 32}
KEYLESS = {
    **MESSAGES,
    **dict.fromkeys(("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY", "GPU_CALLBACK_SECRET"), ""),
}
TOKENS_ONLY = {**MESSAGES, "CALLBACK_AUTH": "token"}


def start_again(client: Client, photos: list[bytes]) -> str:
    """A job of the same user."""
    job = client.create_job("interior", len(photos))
    for upload, photo in zip(job["upload"], photos, strict=True):
        requests.put(upload["url"], data=photo, timeout=60).raise_for_status()
    client.confirm_upload(job["job_id"])
    client.execute(job["job_id"], WALL_GREEN, protect=[])
    return str(job["job_id"])


def masks_of(user_id: str) -> list[str]:
    folder = f"masks/{user_id}/"
    return [key.removeprefix(folder) for key in photo_storage().sizes(folder)]


def test_a_set_is_done_and_its_masks_are_remembered(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY)
    live_stack.start_worker(concurrency=2, **KEYLESS)
    told = Path(f"/proc/{live_stack.pids['gpu']}/environ").read_bytes()
    for name in ("STORAGE_SECRET_KEY", "STORAGE_ACCESS_KEY", "GPU_CALLBACK_SECRET"):
        assert live_stack.environment[name].encode() not in told, name

    client, job_id = start_set(live_stack.base_url, [KITCHEN, None, b"<svg></svg>", WAITING_ROOM])
    job = wait_for(client, job_id, is_finished)

    assert job["progress"] == {"done": 2, "failed": 2, "total": 4}
    errors = [item.get("error", "") for item in job["items"]]
    assert errors[1] == "the photo was never uploaded"
    assert "not an image" in errors[2]
    for output in job["outputs_ready"]:
        assert client.download(output["result_url"])[:4] == b"\x89PNG"
        assert client.download(output["preview_url"])[:2] == b"\xff\xd8"
    user_id = client.me()["user_id"]
    first = masks_of(user_id)
    assert {
        f"{job_id}/{idx}_{what}" for idx in (0, 3) for what in ("Wall.png", "instances.json")
    } <= {*first}
    assert sum(name.startswith("by_photo/") for name in first) == 2

    # A worker that remembers nothing itself finds them by the photo, and so looks for none.
    live_stack.kill("gpu")
    live_stack.start_worker(concurrency=2, **KEYLESS)
    again = start_again(client, [WAITING_ROOM])
    assert wait_for(client, again, is_finished)["progress"]["done"] == 1
    assert masks_of(user_id) == first


def test_a_cancel_ends_a_set_and_the_worker_goes_on(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY, WORK_LEASE_SEC="4")
    live_stack.start_worker(concurrency=1, **KEYLESS)
    client, job_id = start_set(live_stack.base_url, new_to_the_worker(WAITING_ROOM, 10))
    wait_for(client, job_id, lambda job: job["progress"]["done"] >= 1)

    client.cancel(job_id)
    other, next_job = start_set(live_stack.base_url, [KITCHEN])

    assert wait_for(other, next_job, is_finished)["status"] == "done"
    assert client.get_job(job_id)["progress"]["done"] < 10
    assert client.get_job(job_id)["outputs_ready"] == []
    assert live_stack.dead() is None


SHORT = {"WORK_LEASE_SEC": "4", "QUEUE_LEASE_SEC": "4", "MAX_ATTEMPTS": "9"}


def test_what_a_killed_worker_had_is_done_by_the_next(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY, **SHORT)
    live_stack.start_maintenance(SWEEP_SEC="1", **TOKENS_ONLY, **SHORT)
    live_stack.start_worker(concurrency=1, **KEYLESS)
    client, job_id = start_set(live_stack.base_url, new_to_the_worker(WAITING_ROOM, 8))
    wait_for(client, job_id, lambda job: job["progress"]["done"] >= 1)

    live_stack.kill("gpu")
    half_way = client.get_job(job_id)["progress"]["done"]
    live_stack.start_worker(concurrency=1, **KEYLESS)

    assert half_way < 8
    assert finished(client, job_id) == {"done": 8, "failed": 0, "total": 8}


def test_a_worker_that_lost_its_lease_harms_no_photo(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY, **SHORT)
    live_stack.start_maintenance(SWEEP_SEC="1", **TOKENS_ONLY, **SHORT)
    live_stack.start_worker(concurrency=1, **KEYLESS)
    client, job_id = start_set(live_stack.base_url, new_to_the_worker(WAITING_ROOM, 8))
    wait_for(client, job_id, lambda job: job["progress"]["done"] >= 1)

    os.killpg(live_stack.pids["gpu"], signal.SIGSTOP)
    half_way = client.get_job(job_id)["progress"]["done"]
    live_stack.start_worker("gpu2", concurrency=1, **KEYLESS)
    progress = finished(client, job_id)
    os.killpg(live_stack.pids["gpu"], signal.SIGCONT)

    assert half_way < 8
    assert progress == {"done": 8, "failed": 0, "total": 8}
    wait_until(lambda: said_of_the_loss(live_stack.log("gpu")), seconds=60)
    assert client.get_job(job_id)["progress"] == progress


def finished(client: Client, job_id: str) -> Any:
    return wait_for(client, job_id, is_finished)["progress"]


def said_of_the_loss(log: str) -> bool:
    """That it noticed: what it was not granted any more, or a job that is over."""
    return " is left" in log or " is not ours" in log
