"""Watcher: one open stream, with what waits to be sent to it."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from users.credentials import Credential

# What may wait for a reader that does not read: some minutes of a busy job, or a few snapshots of
# the largest.
MAX_WAITING = 200
MAX_WAITING_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Waiting:
    """Bytes to be sent, with the events in them; `hinted_at` (time.monotonic) of what a hint
    brought."""

    data: bytes
    events: tuple[str, ...]
    hinted_at: float | None = None


class Watcher:
    """Belongs to the event loop. `heard` is the id of the last event that the client knows."""

    __slots__ = ("_bytes", "_closed", "_ready", "_waiting", "credential", "heard", "job_id")

    def __init__(self, job_id: UUID, credential: Credential, heard: str) -> None:
        self.job_id = job_id
        self.credential = credential
        self.heard = heard
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._closed = ""
        self._ready = asyncio.Event()

    @property
    def closed(self) -> str:
        """Why the stream is over; empty while it is not. What waits is sent before its end, unless
        nobody is there to take it."""
        return self._closed

    @property
    def is_dead(self) -> bool:
        """Nobody takes what waits."""
        return self._closed in ("gone", "slow", "signed_out")

    def put(self, waiting: Waiting) -> None:
        """Never waits: a reader that is too slow is closed instead."""
        if self._closed:
            return
        self._bytes += len(waiting.data)
        if len(self._waiting) >= MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self.close("slow")
            return
        self._waiting.append(waiting)
        self._ready.set()

    def close(self, reason: str) -> None:
        """The first reason counts."""
        self._closed = self._closed or reason
        if self.is_dead:
            self._waiting.clear()
        self._ready.set()

    async def take(self, seconds: float) -> list[Waiting]:
        """All that waits; nothing when the time is over or the stream is."""
        if not self._waiting and not self._closed:
            try:
                async with asyncio.timeout(seconds):
                    await self._ready.wait()
            except TimeoutError:
                return []
        taken = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        if not self._closed:
            self._ready.clear()
        return taken


def now() -> float:
    return time.monotonic()
