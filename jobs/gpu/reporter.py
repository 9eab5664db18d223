"""How a worker talks to the server: claim before the work, callback after it (contract §4)."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from jobs.backends import Backend
from jobs.gpu import metrics
from jobs.gpu.engine.messages import WorkMessage
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.gpu.engine.places import Places
from jobs.result_keys import attempt_key
from s3project.logs.context import HTTP_HEADER, origin
from s3project.telemetry.traces import Kind, carrier, span

logger = logging.getLogger(__name__)

# Seconds before each further try of a delivery; jitter keeps a fleet from retrying in step.
BACKOFF = (1, 2, 4, 8, 16)
JITTER = 0.5
NOTHING_MORE: Mapping[str, Any] = {}
NOWHERE: Places = {}
PASSING = frozenset({408, 425, 429}) | frozenset(range(500, 600))


class DeliveryFailed(Exception):
    """The server could not be told. The chunk is not acknowledged and is delivered again."""


@dataclass(frozen=True)
class Claim:
    """The items that may be edited now, and for how many seconds they are ours.

    urls: where their objects are read and written, as the server words it, if they were asked for.
    asked_at: by this process's clock, from when on the seconds count.
    """

    granted: frozenset[int]
    job_status: str
    lease_seconds: int
    urls: tuple[Mapping[str, Any], ...] = ()
    asked_at: float = field(default=0.0, compare=False)
    # Of a package: where its archive and its board are written.
    made: Mapping[str, Any] = field(default_factory=dict)


class Reporter:
    """HTTP connections to the server, one per thread, kept over the items of a chunk."""

    def __init__(
        self,
        *,
        secret: str,
        timeout: float,
        worker: str,
        backend: Backend,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._timeout = timeout
        self._names = {
            "worker": worker,
            "backend": backend.name,
            "concepts": None if backend.concepts is None else sorted(backend.concepts),
        }
        self._sleep = sleep
        self._secret = secret
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def claim(
        self,
        message: WorkMessage,
        items: Sequence[int],
        *,
        patient: bool = True,
        asks: Mapping[str, Any] = NOTHING_MORE,
    ) -> Claim:
        """Asks for the items, once when not `patient`, and for what `asks` says of them; raises
        DeliveryFailed when no answer could be had."""
        url = message.callback_url.removesuffix("/callback") + "/claim"
        body = {"items": list(items), "attempt": message.attempt, **self._names, **asks}
        asked_at = time.monotonic()
        data = self._post(url, body, BACKOFF if patient else ())
        if data is None:
            return Claim(frozenset(), "unknown", 0)
        return Claim(
            frozenset(data["granted"]),
            data["job_status"],
            data["lease_seconds"],
            tuple(one for one in data.get("urls") or () if isinstance(one, dict)),
            asked_at,
        )

    def claim_package(
        self,
        message: PackageMessage,
        items: Sequence[int],
        *,
        patient: bool = True,
        asks: Mapping[str, Any] = NOTHING_MORE,
    ) -> Claim:
        """As `claim`, for a package; `items` are photos that URLs are asked for, and are granted
        with it."""
        url = message.work.callback_url.removesuffix("/callback") + "/claim"
        body = {**_told_by(message), "items": list(items), **self._names, **asks}
        asked_at = time.monotonic()
        data = self._post(url, body, BACKOFF if patient else ())
        if data is None or not data["granted"]:
            status = "unknown" if data is None else data["job_status"]
            return Claim(frozenset(), status, 0)
        urls = data.get("urls") or {}
        photos = tuple(one for one in urls.get("photos") or () if isinstance(one, dict))
        made = {name: urls.get(name) for name in ("archive", "board")}
        return Claim(
            frozenset(items), data["job_status"], data["lease_seconds"], photos, asked_at, made
        )

    def package_ready(
        self, message: PackageMessage, *, files: int, size: int, held_ms: int
    ) -> None:
        """Archive and board are stored. Raises DeliveryFailed."""
        body = {"status": "ready", "files": files, "bytes": size, "held_ms": held_ms}
        self._post(message.work.callback_url, {**_told_by(message), **body})

    def package_failed(self, message: PackageMessage, error: str, *, held_ms: int) -> None:
        """It cannot be made. Raises DeliveryFailed."""
        body = {"status": "failed", "error": error, "held_ms": held_ms}
        self._post(message.work.callback_url, {**_told_by(message), **body})

    def done(
        self,
        message: WorkMessage,
        idx: int,
        warnings: Sequence[str],
        *,
        places: Places = NOWHERE,
        held_ms: int = 0,
    ) -> str:
        """The item's objects are stored. Returns the job's status; raises DeliveryFailed.

        held_ms: how long it kept the worker busy; 0 is nothing to speak of.
        """
        item = next(item for item in message.items if item.idx == idx)
        body: dict[str, Any] = {
            "idx": idx,
            "status": "done",
            "output_key": item.output_key,
            "preview_key": item.preview_key,
            "warnings": list(warnings),
        }
        if places:
            body["instances"] = {
                name: [one.to_json() for one in found] for name, found in places.items()
            }
        return self._report(message, body, held_ms)

    def failed(self, message: WorkMessage, idx: int, error: str, *, held_ms: int = 0) -> str:
        """The item cannot be done. Returns the job's status; raises DeliveryFailed."""
        body = {"idx": idx, "status": "failed", "error": error}
        return self._report(message, body, held_ms)

    def _report(self, message: WorkMessage, body: dict[str, Any], held_ms: int) -> str:
        if held_ms:
            body = {**body, "held_ms": held_ms}
        key = attempt_key(message.idempotency_prefix, body["idx"], message.attempt)
        data = self._post(message.callback_url, {**body, "idempotency_key": key})
        return str(data.get("job_status", "unknown")) if data else "unknown"

    def _session(self) -> requests.Session:
        """This thread's connection: requests does not promise that a session may be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer {self._secret}"
            # It goes to the callback address and nowhere else: no proxy, no .netrc.
            session.trust_env = False
            self._local.session = session
            self._sessions.append(session)
        return session

    def _post(
        self, url: str, body: dict[str, Any], backoff: Sequence[int] = BACKOFF
    ) -> dict[str, Any] | None:
        """The answer's data; None for a final refusal (4xx), which is logged.

        Raises DeliveryFailed when the last try met a network error, 408, 425, 429 or 5xx.
        """
        started, end, kind = time.monotonic(), "given_up", url.rpartition("/")[2]
        try:
            with span(kind, Kind.CLIENT):
                data = self._deliver(url, body, backoff)
            end = "refused" if data is None else "told"
        finally:
            metrics.REPORTED.labels(kind, end).observe(time.monotonic() - started)
        return data

    def _deliver(
        self, url: str, body: dict[str, Any], backoff: Sequence[int]
    ) -> dict[str, Any] | None:
        headers = {HTTP_HEADER: origin(), **carrier()}
        problem = ""
        for wait in (*backoff, None):
            try:
                response = self._session().post(
                    url,
                    json=body,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                problem = type(error).__name__
            else:
                if response.ok:
                    data: dict[str, Any] = response.json()["data"]
                    return data
                problem = f"status {response.status_code}"
                if response.status_code not in PASSING:
                    logger.error("%s refused for good: %s", url, problem)
                    return None
            if wait is None:
                break
            metrics.REPEATED.inc()
            logger.warning("%s: %s, trying again in about %d s", url, problem, wait)
            self._sleep(wait * random.uniform(1 - JITTER, 1 + JITTER))
        raise DeliveryFailed(f"{url}: {problem}")


def _told_by(message: PackageMessage) -> dict[str, int]:
    """Which package is meant, and which try of it."""
    return {"edition": message.edition, "attempt": message.work.attempt}
