"""JobWatch: one job that is watched, read once for all of its watchers."""

import asyncio
import logging
from uuid import UUID

from jobs.api.job_shapes import job_out
from jobs.api.watch_events import END, ITEM, JOB, PACKAGE, SNAPSHOT, end_frame, frame
from jobs.lifecycle.line import Place
from jobs.storage.bucket import StorageUnavailable
from jobs.stream.changes import Known, place_told
from jobs.stream.counts import READS
from jobs.stream.reading import Reading, Threads, Unreachable, read_job
from jobs.stream.watcher import Waiting, Watcher, now

logger = logging.getLogger(__name__)

# At most five events a second (contract §3.6): each is paid for with so many seconds.
SECONDS_PER_EVENT = 0.2
# How long to wait for a database that is away, at first and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 3.0
_KINDS = {kind: f"event: {kind}\n".encode() for kind in (ITEM, JOB, PACKAGE)}


class JobWatch:
    """Belongs to the event loop. Whoever comes gets a snapshot of the same reading from which the
    others get what has changed, so that nobody misses anything in between.
    """

    def __init__(self, job_id: UUID, user_id: UUID, threads: Threads) -> None:
        self.job_id = job_id
        self._user_id = user_id
        self._threads = threads
        self._watchers: set[Watcher] = set()
        self._newcomers: list[Watcher] = []
        self._known: Known | None = None
        self._place: Place | None = None
        self._is_stale = False
        self._hinted_at: float | None = None
        self._free_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> list[Watcher]:
        return [*self._watchers, *self._newcomers]

    @property
    def version(self) -> str | None:
        """What its watchers know; None while a reading is under way that they will know."""
        return None if self._is_stale or self._known is None else self._known.version

    @property
    def is_in_line(self) -> bool:
        """Whether the job waits for workers, as far as its watchers know."""
        return self._place is not None

    def join(self, watcher: Watcher) -> None:
        self._newcomers.append(watcher)
        self._wake()

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        if watcher in self._newcomers:
            self._newcomers.remove(watcher)
        if not self.watchers and self._task is not None:
            self._task.cancel()

    def changed(self, *, hinted_at: float | None = None) -> None:
        """The job is to be read again; what comes meanwhile is one reading."""
        self._is_stale = True
        if self._hinted_at is None:
            self._hinted_at = hinted_at
        self._wake()

    def stands_at(self, place: Place | None) -> None:
        """Where the job stands in the line, as far as its watchers do not know. The next reading
        says it too, so that nothing is waited for here."""
        known = self._known
        is_news = place is not None and self._place is not None and place != self._place
        if not is_news or place is None or known is None or self._is_stale or now() < self._free_at:
            return
        data, self._known = place_told(known, place)
        self._place = place
        for watcher in self._watchers:
            watcher.put(Waiting(data, (JOB,)))
        self._free_at = now() + SECONDS_PER_EVENT

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        pause = FIRST_PAUSE
        while self._is_stale or self._newcomers:
            await asyncio.sleep(max(self._free_at - now(), 0))
            # What is asked for from here on, this reading may not have seen.
            self._is_stale = False
            newcomers = list(self._newcomers)
            hinted_at, self._hinted_at = self._hinted_at, None
            try:
                reading = await self._threads.run(read_job, self._user_id, self.job_id, self._known)
            except (Unreachable, StorageUnavailable) as error:
                logger.warning("%s cannot be read: %s", self.job_id, error)
                self._is_stale = True
                self._hinted_at = hinted_at
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            READS.inc()
            pause = FIRST_PAUSE
            # Without those who have left since.
            newcomers = [one for one in newcomers if one in self._newcomers]
            self._newcomers = [one for one in self._newcomers if one not in newcomers]
            self._tell(reading, newcomers, hinted_at)

    def _tell(
        self, reading: Reading | None, newcomers: list[Watcher], hinted_at: float | None
    ) -> None:
        if reading is None:
            for watcher in (*self._watchers, *newcomers):
                watcher.close("deleted")
            return
        self._known, self._place = reading.known, reading.place
        if reading.frames:
            kinds = tuple(map(_kind_of, reading.frames))
            told = Waiting(b"".join(reading.frames), kinds, hinted_at)
            for watcher in self._watchers:
                watcher.put(told)
            self._free_at = now() + SECONDS_PER_EVENT * len(reading.frames)
        for watcher in newcomers:
            if watcher.heard != reading.known.version:
                watcher.put(_snapshot(reading, watcher))
            self._watchers.add(watcher)
        if reading.has_ended:
            ending = Waiting(end_frame(reading.facts, reading.known.version), (END,))
            for watcher in self._watchers:
                watcher.put(ending)
                watcher.close("end")


def _snapshot(reading: Reading, watcher: Watcher) -> Waiting:
    data = job_out(reading.facts, reading.view, watcher.credential)
    return Waiting(frame(SNAPSHOT, data, reading.known.version), (SNAPSHOT,))


def _kind_of(event: bytes) -> str:
    return next(kind for kind, head in _KINDS.items() if event.startswith(head))
