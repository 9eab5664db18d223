"""A client of a stream of events, as a good one is: it merges what it hears into what it knows, and
comes again when it is cut off (docs/watching.md)."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

# Longer than the server is ever silent.
SILENCE = 20.0


@dataclass(frozen=True)
class Event:
    """`at` is when it was heard, of time.monotonic()."""

    name: str
    id: str
    data: dict[str, Any]
    at: float


class Listener:
    """Listens at `path` until the end, in a thread of its own, while the `with` block lasts.
    `known` is the job where `last_event_id` was heard before.
    """

    def __init__(
        self,
        base_url: str,
        path: str,
        *,
        token: str | None = None,
        last_event_id: str = "",
        known: Mapping[str, Any] | None = None,
        comes_again: bool = True,
    ) -> None:
        self._place = urlsplit(base_url)
        self._path = path
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._comes_again = comes_again
        self._stopped = threading.Event()
        self._heard = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._connection: HTTPConnection | None = None
        self._retry = 0.1
        self.last_event_id = last_event_id
        self.events: list[Event] = []
        self.comments = 0
        self.job: dict[str, Any] = dict(known or {})
        self.statuses: list[int] = []
        self.has_ended = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            # Closing alone would not wake the thread that reads.
            connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(SILENCE)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def wait(self, times: int = 1, *, seconds: float = 15.0) -> Event:
        """Until so many events were heard in all; returns the last of these."""
        with self._heard:
            reached = self._heard.wait_for(lambda: len(self.events) >= times, seconds)
        assert reached, f"{len(self.events)} events, not {times}, answers {self.statuses}"
        return self.events[times - 1]

    def wait_for(self, **fields: Any) -> None:
        """Until the job is known with these."""
        with self._heard:
            reached = self._heard.wait_for(
                lambda: all(self.job.get(name) == value for name, value in fields.items()), 20.0
            )
        assert reached, f"{fields} not heard: {self.job}"

    def wait_for_end(self, seconds: float = 20.0) -> None:
        self._thread.join(seconds)
        assert self.has_ended, f"{self.names} {self.statuses}"

    def wait_for_answer(self, times: int = 1, *, seconds: float = 20.0) -> int:
        with self._heard:
            reached = self._heard.wait_for(lambda: len(self.statuses) >= times, seconds)
        assert reached, "no answer"
        return self.statuses[times - 1]

    def _listen(self) -> None:
        while not self._stopped.is_set() and not self.has_ended:
            # Cut off, or never connected; AttributeError is http.client's of a closed one.
            with contextlib.suppress(OSError, HTTPException, AttributeError):
                self._listen_once()
            if not self._comes_again:
                return
            self._stopped.wait(self._retry)

    def _listen_once(self) -> None:
        connection = HTTPConnection(self._place.hostname or "", self._place.port, timeout=SILENCE)
        self._connection = connection
        try:
            headers = dict(self._headers)
            if self.last_event_id:
                headers["Last-Event-ID"] = self.last_event_id
            connection.request("GET", self._path, headers=headers)
            answer = connection.getresponse()
            with self._heard:
                self.statuses.append(answer.status)
                self.has_ended = self.has_ended or answer.status == 204
                self._heard.notify_all()
            if answer.status == 200:
                self._read(answer)
        finally:
            connection.close()

    def _read(self, answer: HTTPResponse) -> None:
        fields: dict[str, str] = {}
        while not self._stopped.is_set() and not self.has_ended:
            line = answer.readline().decode()
            if not line:
                return
            if line.startswith(":"):
                self.comments += 1
            elif line == "\n":
                self._take(fields)
                fields = {}
            else:
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value

    def _take(self, fields: Mapping[str, str]) -> None:
        if "event" not in fields:
            return
        event = Event(
            fields["event"], fields.get("id", ""), json.loads(fields["data"]), time.monotonic()
        )
        with self._heard:
            self.events.append(event)
            self.last_event_id = event.id
            self.has_ended = event.name == "end"
            merge(self.job, event)
            self._heard.notify_all()


def merge(job: dict[str, Any], event: Event) -> None:
    """What a client knows of the job after an event."""
    if event.name == "snapshot":
        job.clear()
        job.update(event.data)
    elif event.name == "job":
        job.update(event.data)
    elif event.name == "item":
        job["progress"] = event.data["progress"]
        for key in ("items", "outputs_ready"):
            pieces = {piece["idx"]: piece for piece in (*job[key], *event.data[key])}
            job[key] = [pieces[idx] for idx in sorted(pieces)]
    elif event.name == "package":
        packages = {one["template"]: one for one in (*job["packages"], *event.data["packages"])}
        job["packages"] = list(packages.values())
