"""Tells a callback of each photo, in order and one thing at a time, whichever thread it comes
from.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

from s3sets.progress import OnProgress, PhotoState, Progress
from s3sets.shapes import Item, Job

OF_STATUS: Mapping[str, PhotoState] = {
    "pending": "working",
    "done": "done",
    "failed": "failed",
    "canceled": "canceled",
}


class Teller:
    def __init__(self, on_progress: OnProgress | None) -> None:
        self._job_id = ""
        self._names: Sequence[str] = ()
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._last: dict[int, Progress] = {}
        self._eta: int | None = None

    def meet(self, job: Job) -> None:
        """Whose photos are told of from here on."""
        self._job_id = job["job_id"]
        self._names = [name_of(item) for item in job["items"]]

    def tell(
        self, idx: int, state: PhotoState, *, sent: int = 0, size: int = 0, note: str = ""
    ) -> None:
        """What was told last is not told again."""
        if self._on_progress is None:
            return
        with self._lock:
            eta = self._eta if state == "working" else None
            said = Progress(self._job_id, idx, self._names[idx], state, sent, size, note, eta)
            if self._last.get(idx) != said:
                self._last[idx] = said
                self._on_progress(said)

    def tell_all(self, state: PhotoState) -> None:
        for idx in range(len(self._names)):
            self.tell(idx, state)

    def tell_job(self, job: Job) -> None:
        """Every photo of a job that was executed."""
        queue = cast(Mapping[str, Any], job).get("queue") or {}
        self._eta = queue.get("eta_seconds")
        for item in job["items"]:
            self.tell(item["idx"], OF_STATUS[item["status"]], note=note_of(item))


def name_of(item: Item) -> str:
    return item.get("name") or f"photo {item['idx']}"


def note_of(item: Item) -> str:
    """Why it failed, or what to know of it."""
    return item.get("error") or "; ".join(item.get("warnings", ()))
