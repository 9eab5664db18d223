"""What customers of the public API were told, written down on its way to them.

It is the witness: whatever the processes went through since, the database must know of it.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from bench.faults.keys import key_of
from jobs.models import JobCoordinator
from jobs.states import TRANSITIONS, JobStatus
from s3project import ids
from users.models import User

NEVER_ANSWERED = 0
# No connection was had: nothing of the request can have had an effect.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Told:
    """A success that the API reported."""

    path: str
    data: Any


class Journal:
    """What all customers of an experiment were told. Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.successes: list[Told] = []
        self.statuses: Counter[int] = Counter()
        self.slowest: dict[str, float] = {}
        self.cut_off: Counter[str] = Counter()  # by action: sent, and not answered
        self.without_retry_after = 0

    def note(self, request: httpx.Request, answer: httpx.Response, seconds: float) -> None:
        path = request.url.path
        action = path.rpartition("/")[2]
        with self._lock:
            self.statuses[answer.status_code] += 1
            self.slowest[action] = max(seconds, self.slowest.get(action, 0.0))
            if answer.status_code == 503 and "Retry-After" not in answer.headers:
                self.without_retry_after += 1
            elif answer.is_success and _is_json(answer):
                self.successes.append(Told(path, answer.json()["data"]))

    def note_silence(self, request: httpx.Request, error: httpx.TransportError) -> None:
        with self._lock:
            self.statuses[NEVER_ANSWERED] += 1
            if not isinstance(error, NOT_SENT):
                self.cut_off[_action_of(request)] += 1

    def contradictions(self) -> list[str]:
        """Successes of which the database does not know."""
        found = []
        for told in self.successes:
            problem = _contradiction(told)
            if problem:
                found.append(f"{told.path}: {problem}")
        return found


class NotedTransport(httpx.HTTPTransport):
    """The network of one customer: what the API at `base_url` answers is in the journal."""

    def __init__(self, base_url: str, journal: Journal) -> None:
        super().__init__()
        self._api = httpx.URL(base_url)
        self._journal = journal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if (request.url.host, request.url.port) != (self._api.host, self._api.port):
            return super().handle_request(request)  # the storage
        started = time.monotonic()
        try:
            answer = super().handle_request(request)
            if _is_json(answer):
                answer.read()
        except httpx.TransportError as error:
            self._journal.note_silence(request, error)
            raise
        self._journal.note(request, answer, time.monotonic() - started)
        return answer


def _is_json(answer: httpx.Response) -> bool:
    """What has an end: a stream of events has none."""
    kind: str = answer.headers.get("content-type", "")
    return kind.startswith("application/json")


def _action_of(request: httpx.Request) -> str:
    """What a request asks for: create, execute, cancel, …"""
    last = request.url.path.rpartition("/")[2]
    if request.method != "POST":
        return "read"
    return "create" if last == "jobs" else last


def _contradiction(told: Told) -> str | None:
    if told.path == "/auth/anon":
        key = ids.parse_public_id(ids.USER, told.data["user_id"])
        return None if key and User.objects.filter(pk=key).exists() else "the user is not there"
    if not told.path.startswith("/jobs/job_") and told.path != "/jobs":
        return None
    if told.path.endswith("/packages"):
        return None
    job = JobCoordinator.objects.filter(pk=key_of(told.data["job_id"])).first()
    if job is None:
        return "the job is not there"
    done = told.data.get("progress", {}).get("done", 0)
    if done > job.done_items:
        return f"{done} photos were done, now {job.done_items}"
    order = list(JobStatus)
    said = JobStatus(told.data["status"])
    if order.index(JobStatus(job.status)) < order.index(said):
        return f"it was {said}, now {job.status}"
    if not TRANSITIONS[said] and job.status != said:
        return f"it was {said} for good, now {job.status}"
    return None
