"""A client of the public API that writes down every success it was told of.

What it was told is the witness: whatever the processes went through since, the database must know
of it. A request is sent with an Idempotency-Key until it is answered, as a good client does.
"""

import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from urllib3.exceptions import NewConnectionError

from jobs.models import JobCoordinator
from jobs.states import TRANSITIONS, JobStatus
from s3project import ids
from users.models import User
from users.services import set_plan

EDIT = {"concepts": {"Wall": {"action": "tone", "value": "warm"}}, "protect": []}
PATIENCE = 60.0  # seconds that a request is repeated for
PAUSE = 0.2
NEVER_ANSWERED = 0


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

    def note_cut_off(self, method: str, path: str) -> None:
        with self._lock:
            self.cut_off[action_of(method, path)] += 1

    def note(self, path: str, answer: requests.Response | None, seconds: float) -> None:
        action = path.rpartition("/")[2]
        with self._lock:
            self.statuses[NEVER_ANSWERED if answer is None else answer.status_code] += 1
            if answer is None:
                return
            self.slowest[action] = max(seconds, self.slowest.get(action, 0.0))
            if answer.ok:
                self.successes.append(Told(path, answer.json()["data"]))
            elif answer.status_code == 503 and "Retry-After" not in answer.headers:
                self.without_retry_after += 1

    def contradictions(self) -> list[str]:
        """Successes of which the database does not know."""
        found = []
        for told in self.successes:
            problem = _contradiction(told)
            if problem:
                found.append(f"{told.path}: {problem}")
        return found


class Customer:
    """One user with a plan."""

    def __init__(self, base_url: str, journal: Journal, *, plan: str = "pro") -> None:
        self._base_url = base_url
        self._journal = journal
        self._session = requests.Session()
        self._session.trust_env = False
        data = self.call("POST", "/auth/anon")
        self.user_id = data["user_id"]
        self._sign_in(data)
        key = ids.parse_public_id(ids.USER, self.user_id)
        assert key is not None
        self.key = key
        set_plan(user_id=key, plan=plan)

    def close(self) -> None:
        self._session.close()

    def _sign_in(self, data: Any) -> None:
        self.token: str = data["token"]
        self._refresh: str = data["refresh"]
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def refresh(self) -> None:
        """Goes on with a new token."""
        self._sign_in(self.call("POST", "/auth/refresh", {"refresh": self._refresh}))

    def create(self, items: int) -> Any:
        """What the API says of the new job."""
        return self.call("POST", "/jobs", {"preset": "interior", "item_count": items})

    def create_and_upload(self, photos: list[bytes]) -> str:
        created = self.create(len(photos))
        for upload, data in zip(created["upload"], photos, strict=True):
            put(upload["url"], data)
        job_id: str = created["job_id"]
        return job_id

    def start_set(self, photos: list[bytes]) -> UUID:
        """A job of these photos, executed; returns its key."""
        job_id = self.create_and_upload(photos)
        self.confirm(job_id)
        return self.execute(job_id)

    def start_without_photos(self, items: int) -> UUID:
        """As `start_set`, where no worker is to look."""
        job_id: str = self.create(items)["job_id"]
        self.confirm(job_id)
        return self.execute(job_id)

    def confirm(self, job_id: str) -> list[int]:
        """Returns what is missing."""
        missing: list[int] = self.call("POST", f"/jobs/{job_id}/confirm-upload")["missing"]
        return missing

    def execute(self, job_id: str) -> UUID:
        """Returns the job's key."""
        self.call("POST", f"/jobs/{job_id}/execute", EDIT)
        return key_of(job_id)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's data. Anything that is no success is not foreseen."""
        answer = self.insist(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def cancel(self, job: UUID) -> bool:
        """Whether the job could be canceled still."""
        answer = self.insist("POST", f"/jobs/{JobCoordinator(id=job).public_id}/cancel")
        assert answer.status_code in {200, 409}, answer.text
        return answer.ok

    def insist(self, method: str, path: str, body: object = None) -> requests.Response:
        """The final answer: 503 and a server that is away are tried again."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.send(method, path, body, headers)
            if answer is not None and answer.status_code != 503 and not _in_flight(answer):
                return answer
            assert time.monotonic() < deadline, f"{method} {path} was never answered"
            time.sleep(PAUSE)

    def send(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> requests.Response | None:
        """One request; None when the server was away."""
        started = time.monotonic()
        try:
            answer = self._session.request(
                method, self._base_url + path, json=body, headers=headers or {}, timeout=30
            )
        except requests.RequestException as error:
            answer = None
            # A server that was not there got nothing; what it got may have had its effect.
            if not isinstance(getattr(error.args[0], "reason", None), NewConnectionError):
                self._journal.note_cut_off(method, path)
        self._journal.note(path, answer, time.monotonic() - started)
        return answer


def put(url: str, data: bytes) -> None:
    """Uploads a photo."""
    requests.put(url, data=data, timeout=30).raise_for_status()


def action_of(method: str, path: str) -> str:
    """What a request asks for: create, execute, cancel, …"""
    last = path.rpartition("/")[2]
    if last == "jobs":
        return "create"
    return last if method == "POST" else "read"


def key_of(job_id: str) -> UUID:
    key = ids.parse_public_id(ids.JOB, job_id)
    assert key is not None
    return key


def _in_flight(answer: requests.Response) -> bool:
    """The request before, which was cut off, is not over yet."""
    return answer.status_code == 409 and answer.json()["error"]["code"] == "REQUEST_IN_PROGRESS"


def _contradiction(told: Told) -> str | None:
    if told.path == "/auth/anon":
        key = ids.parse_public_id(ids.USER, told.data["user_id"])
        return None if key and User.objects.filter(pk=key).exists() else "the user is not there"
    if not told.path.startswith("/jobs") or told.path.endswith("/packages"):
        return None
    key = key_of(told.data["job_id"])
    job = JobCoordinator.objects.filter(pk=key).first()
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
