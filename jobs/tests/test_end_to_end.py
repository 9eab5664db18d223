"""Real servers, real worker processes, real photos: the whole way of a set."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from jobs.demo.client import Client
from jobs.demo.sets import PHOTOS
from s3project.testing.live import LiveStack

KITCHEN = PHOTOS / "interior_kitchen.jpg"
WAITING_ROOM = PHOTOS / "interior_waiting_room.jpg"
WALL_GREEN = {"Wall": {"action": "recolor", "value": "#9db4a0"}}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def wait_for(client: Client, job_id: str, enough: Callable[[dict[str, Any]], bool]) -> Any:
    """Polls the job until `enough` is true of it."""
    deadline = time.monotonic() + 120
    while True:
        job = client.get_job(job_id)
        if enough(job):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.2)


def is_finished(job: dict[str, Any]) -> bool:
    return job["status"] in ("done", "failed", "canceled")


def start_set(base_url: str, photos: list[Path | bytes | None]) -> tuple[Client, str]:
    """An executed job of these photos; None is a photo that the client never sends."""
    client = Client(base_url)
    client.sign_up_anonymously()
    job = client.create_job("interior", len(photos))
    for upload, photo in zip(job["upload"], photos, strict=True):
        if photo is not None:
            data = photo.read_bytes() if isinstance(photo, Path) else photo
            requests.put(upload["url"], data=data, timeout=10).raise_for_status()
    client.confirm_upload(job["job_id"])
    client.execute(job["job_id"], WALL_GREEN, protect=[])
    return client, job["job_id"]


def kind_and_size(data: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.size


def test_a_set_goes_through_and_bad_photos_fail_alone_and_are_refunded(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web()
    live_stack.start_worker()
    truncated = KITCHEN.read_bytes()[:60_000]
    client, job_id = start_set(
        live_stack.base_url, [KITCHEN, truncated, b"<svg></svg>", None, WAITING_ROOM]
    )

    job = wait_for(client, job_id, is_finished)

    assert job["status"] == "done"
    assert job["progress"] == {"done": 2, "failed": 3, "total": 5}
    assert [item["status"] for item in job["items"]] == ["done", *["failed"] * 3, "done"]
    errors = [item.get("error", "") for item in job["items"]]
    assert "truncated" in errors[1]
    assert "not an image" in errors[2]
    assert errors[3] == "the photo was never uploaded"
    assert [output["idx"] for output in job["outputs_ready"]] == [0, 4]
    for output, source in zip(job["outputs_ready"], (KITCHEN, WAITING_ROOM), strict=True):
        _, size = kind_and_size(source.read_bytes())
        assert kind_and_size(client.download(output["result_url"])) == ("PNG", size)
        kind, preview_size = kind_and_size(client.download(output["preview_url"]))
        assert (kind, max(preview_size)) == ("JPEG", 512)
    me = client.me()
    assert (me["credits"], me["active_jobs"]) == (10 - 2, 0)


def test_a_worker_host_has_no_database_and_needs_none(live_stack: LiveStack) -> None:
    live_stack.start_web()
    live_stack.start_worker()
    pid = live_stack.pids["gpu"]
    told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")

    client, job_id = start_set(live_stack.base_url, [KITCHEN])

    assert wait_for(client, job_id, is_finished)["status"] == "done"
    names = {variable.partition(b"=")[0] for variable in told}
    assert names.isdisjoint({b"DATABASE_URL", b"JWT_SECRET", b"DJANGO_SECRET_KEY"})


def test_a_worker_killed_in_the_middle_of_a_set_still_ends_in_a_finished_job(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web(WORK_LEASE_SEC="4", QUEUE_LEASE_SEC="4")
    live_stack.start_maintenance(SWEEP_SEC="1", QUEUE_LEASE_SEC="4")
    live_stack.start_worker(concurrency=1)
    # All new to the worker: what follows the end of a JPEG is ignored.
    photo = WAITING_ROOM.read_bytes()
    client, job_id = start_set(
        live_stack.base_url, [photo + bytes([number]) for number in range(10)]
    )
    wait_for(client, job_id, lambda job: job["progress"]["done"] >= 1)

    live_stack.kill("gpu")
    half_way = client.get_job(job_id)
    live_stack.start_worker(concurrency=1)
    job = wait_for(client, job_id, is_finished)

    assert half_way["progress"]["done"] < 10, "the worker was killed too late to prove anything"
    assert job["status"] == "done"
    assert job["progress"] == {"done": 10, "failed": 0, "total": 10}
    assert len(job["outputs_ready"]) == 10
    me = client.me()
    assert (me["credits"], me["active_jobs"]) == (0, 0)
