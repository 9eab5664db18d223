"""Sets of photos, sent to real processes through the public API."""

from collections.abc import Callable, Sequence
from typing import Any

import requests

from jobs.demo.sets import PHOTOS
from jobs.tests.plain_client import Client
from s3project.testing.waiting import wait_until

KITCHEN = (PHOTOS / "interior_kitchen.jpg").read_bytes()
WAITING_ROOM = (PHOTOS / "interior_waiting_room.jpg").read_bytes()
WALL_GREEN = {"Wall": {"action": "recolor", "value": "#9db4a0"}}


def new_to_the_worker(photo: bytes, times: int) -> list[bytes]:
    """A JPEG that looks the same each time; what follows the end of one is ignored."""
    return [photo + bytes([number]) for number in range(times)]


def upload_set(client: Client, photos: Sequence[bytes | None]) -> str:
    """A job of a new user with these photos sent, not confirmed. None is one never sent."""
    client.sign_up_anonymously()
    job = client.create_job("interior", len(photos))
    for upload, photo in zip(job["upload"], photos, strict=True):
        if photo is not None:
            requests.put(upload["url"], data=photo, timeout=60).raise_for_status()
    return str(job["job_id"])


def start_set(base_url: str, photos: Sequence[bytes | None]) -> tuple[Client, str]:
    """An executed job of these photos."""
    client = Client(base_url)
    job_id = upload_set(client, photos)
    client.confirm_upload(job_id)
    client.execute(job_id, WALL_GREEN, protect=[])
    return client, job_id


def wait_for(client: Client, job_id: str, enough: Callable[[dict[str, Any]], bool]) -> Any:
    """Polls the job until `enough` is true of it, and returns it."""
    seen: list[dict[str, Any]] = []

    def reached() -> bool:
        seen.append(client.get_job(job_id))
        return enough(seen[-1])

    wait_until(reached, seconds=120)
    return seen[-1]


def is_finished(job: dict[str, Any]) -> bool:
    return job["finished_at"] is not None
