"""The demo's way through the API: sign up, create, upload, confirm, execute, poll, download."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.demo.client import Client
from jobs.demo.sets import PhotoSet

POLL_SECONDS = 0.3


@dataclass
class PhotoRun:
    """One photo on its way. `ready_after` counts the seconds since execute."""

    path: Path
    state: str = "waiting"
    ready_after: float | None = None
    note: str = ""
    result: bytes = b""
    preview: bytes = b""

    @property
    def title(self) -> str:
        return self.path.stem.replace("_", " ")


@dataclass
class SetRun:
    """One set on its way through one job."""

    photo_set: PhotoSet
    client: Client
    job_id: str = ""
    status: str = "new"
    executed_at: float = 0.0
    photos: list[PhotoRun] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.status in ("done", "failed", "canceled")


def run_sets(
    base_url: str,
    photo_sets: Sequence[PhotoSet],
    show: Callable[[list[SetRun]], None],
    *,
    timeout: float,
) -> list[SetRun]:
    """Sends all sets, each as a user of its own, and polls until every one is finished.

    `show` is called whenever something may have changed. Raises TimeoutError.
    """
    runs = [_start(base_url, photo_set, show) for photo_set in photo_sets]
    for run in runs:
        run.client.execute(run.job_id, run.photo_set.concepts, run.photo_set.protect)
        run.executed_at = time.monotonic()
    deadline = time.monotonic() + timeout
    while not all(run.is_finished for run in runs):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the sets did not finish within {timeout:.0f} s")
        time.sleep(POLL_SECONDS)
        for run in runs:
            if not run.is_finished:
                _poll(run)
        show(runs)
    return runs


def _start(base_url: str, photo_set: PhotoSet, show: Callable[[list[SetRun]], None]) -> SetRun:
    run = SetRun(photo_set, Client(base_url), photos=[PhotoRun(path) for path in photo_set.paths])
    run.client.sign_up_anonymously()
    job = run.client.create_job(photo_set.preset, len(run.photos))
    run.job_id = job["job_id"]
    for photo, upload in zip(run.photos, job["upload"], strict=True):
        run.client.upload(upload["url"], photo.path)
        photo.state = "uploaded"
        show([run])
    missing = run.client.confirm_upload(run.job_id)["missing"]
    if missing:
        raise RuntimeError(f"the storage lost the uploads {missing}")
    return run


def _poll(run: SetRun) -> None:
    job = run.client.get_job(run.job_id)
    run.status = job["status"]
    for item in job["items"]:
        photo = run.photos[item["idx"]]
        if photo.state not in ("done", "failed") and item["status"] != "pending":
            photo.ready_after = time.monotonic() - run.executed_at
        photo.state = "in work" if item["status"] == "pending" else item["status"]
        photo.note = item.get("error") or "; ".join(item.get("warnings", ()))
    if run.is_finished:
        _download(run, job["outputs_ready"])


def _download(run: SetRun, outputs: list[dict[str, Any]]) -> None:
    for output in outputs:
        photo = run.photos[output["idx"]]
        photo.result = run.client.download(output["result_url"])
        photo.preview = run.client.download(output["preview_url"])
