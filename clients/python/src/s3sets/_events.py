"""Server-sent events of a job, put together to the job as it stands. No network in here."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, cast

from s3sets.errors import PackageLate
from s3sets.shapes import Job

FINISHED = frozenset({"done", "failed", "canceled"})


@dataclass(slots=True)
class Event:
    """One event: `snapshot`, `item`, `job`, `package` or `end` (contract §3.6)."""

    kind: str
    data: dict[str, Any]
    id: str | None


@dataclass(slots=True)
class EventReader:
    """Puts lines together to events, as HTML says of `text/event-stream`."""

    retry: float | None = None  # seconds, when the server said some
    events: int = 0  # so many were read
    _kind: str = ""
    _data: list[str] = field(default_factory=list)
    _id: str | None = None

    def take(self, line: str) -> Event | None:
        """The event that this line ends, if it ends one."""
        if not line:
            return self._event()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value) / 1000
        return None

    def _event(self) -> Event | None:
        kind, data = self._kind or "message", self._data
        self._kind, self._data = "", []
        if not data:
            return None
        try:
            said = json.loads("\n".join(data))
        except ValueError:
            return None
        if not isinstance(said, dict):
            return None
        self.events += 1
        return Event(kind, said, self._id)


class PackageDeadline:
    """How long is waited for the packages of a job that is finished otherwise."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._until: float | None = None

    def check(self, job: Job | None) -> None:
        """Raises PackageLate."""
        if self._seconds is None or job is None or job["status"] not in FINISHED or is_over(job):
            return
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
        if now >= self._until:
            late = [
                one["alias"] or one["template"]
                for one in job["packages"]
                if one["status"] == "pending"
            ]
            raise PackageLate(job, late, self._seconds)


@dataclass(slots=True)
class JobView:
    """A job as far as its events and polls have told of it."""

    job: Job | None = None
    last_id: str | None = None
    ended: bool = False
    deadline: PackageDeadline = field(default_factory=lambda: PackageDeadline(None))

    def check_deadline(self) -> None:
        """Raises PackageLate."""
        self.deadline.check(self.job)

    def take(self, event: Event) -> bool:
        """Whether the job is another one than before."""
        self.last_id = event.id or self.last_id
        if event.kind == "end":
            self.ended = True
            return False
        if event.kind == "snapshot":
            return self.replace(cast(Job, event.data))
        if self.job is None:
            return False
        return self.replace(cast(Job, _merged(self.job, event)))

    def replace(self, job: Job) -> bool:
        """As `take`, of a job that was asked for."""
        changed = job != self.job
        self.job = job
        return changed


def is_over(job: Job) -> bool:
    """Whether nothing is to come: the job is finished, and so are its packages."""
    packages = job.get("packages", [])  # not of every server
    return job["status"] in FINISHED and all(one["status"] != "pending" for one in packages)


def _merged(job: Job, event: Event) -> dict[str, Any]:
    merged: dict[str, Any] = {**job}
    for name, value in event.data.items():
        if event.kind == "item" and name in ("items", "outputs_ready"):
            merged[name] = _by(merged.get(name), value, "idx")
        elif event.kind == "package" and name == "packages":
            merged[name] = _by(merged.get(name), value, "template")
        elif value is None and name == "upload":
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def _by(before: list[dict[str, Any]] | None, new: list[dict[str, Any]], key: str) -> list[Any]:
    found = {one[key]: one for one in before or ()}
    found.update((one[key], one) for one in new)
    return (
        sorted(found.values(), key=lambda one: one[key]) if key == "idx" else list(found.values())
    )
