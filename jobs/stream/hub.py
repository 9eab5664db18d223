"""Hub: which jobs are watched by whom, and what makes them be read again.

Three things do. A hint of the broker, at once. The versions of all watched jobs, asked for every
few seconds in one query, for hints that were lost. And whoever comes anew. Another clock ends the
streams of those who signed out since.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from django.conf import settings

from jobs.lifecycle.line import LINE
from jobs.stream.counts import MISSED, REFUSED, WATCHED, WATCHERS
from jobs.stream.hints import hints
from jobs.stream.job_watch import JobWatch
from jobs.stream.reading import Threads, Unreachable, read_versions
from jobs.stream.watcher import Watcher, now
from users.credentials import ended

logger = logging.getLogger(__name__)

# A lost hint costs five seconds at most (contract §3.6), the reading included.
LOOK_SECONDS = 4.0
# A sign-out costs a minute at most.
CHECK_SECONDS = 20.0
# Of the database's connections: those that read jobs. Openings have their own (application.py).
READERS = 2


class TooMany(Exception):
    """One watcher too many: of this user, or of all."""

    def __init__(self, *, of_user: bool) -> None:
        super().__init__()
        self.of_user = of_user


class Hub:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._threads = Threads(READERS, "read")
        self._jobs: dict[UUID, JobWatch] = {}
        self._of_user: Counter[UUID] = Counter()
        self._count = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for name, work in (
            ("hints", self._follow_hints()),
            ("look", self._look_regularly()),
            ("check", self._check_regularly()),
        ):
            self._tasks.append(asyncio.create_task(_never_ending(name, work), name=name))

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def join(self, watcher: Watcher) -> None:
        """Raises TooMany."""
        user_id = watcher.credential.user_id
        if self._of_user[user_id] >= settings.WATCHERS_PER_USER:
            REFUSED.labels("user").inc()
            raise TooMany(of_user=True)
        if self._count >= settings.WATCHERS_MAX:
            REFUSED.labels("all").inc()
            raise TooMany(of_user=False)
        self._count += 1
        self._of_user[user_id] += 1
        watch = self._jobs.get(watcher.job_id)
        if watch is None:
            watch = JobWatch(watcher.job_id, user_id, self._threads)
            self._jobs[watcher.job_id] = watch
        watch.join(watcher)
        self._tell_counts()

    def leave(self, watcher: Watcher) -> None:
        user_id = watcher.credential.user_id
        self._count -= 1
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
        watch = self._jobs[watcher.job_id]
        watch.leave(watcher)
        if not watch.watchers:
            del self._jobs[watcher.job_id]
        self._tell_counts()

    def _tell_counts(self) -> None:
        WATCHERS.set(self._count)
        WATCHED.set(len(self._jobs))

    async def _follow_hints(self) -> None:
        async for job_id in hints():
            if job_id is None:
                # Back after the broker was away: what was missed meanwhile is looked for.
                await self._look()
            elif job_id in self._jobs:
                self._jobs[job_id].changed(hinted_at=now())

    async def _look_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()

    async def _look(self) -> None:
        watched = {job_id: watch.version for job_id, watch in self._jobs.items()}
        if not watched:
            return
        try:
            versions = await self._threads.run(read_versions, watched)
            in_line = any(watch.is_in_line for watch in self._jobs.values())
            places = await self._threads.run(LINE.get) if in_line else {}
        except Unreachable as error:
            # Jobs that were hinted at are waited for; the others are asked for again soon.
            logger.warning("versions cannot be read: %s", error)
            return
        for job_id, before in watched.items():
            watch = self._jobs.get(job_id)
            # Not where a reading came between that is newer than this look.
            if watch and before and before == watch.version != versions.get(job_id):
                MISSED.inc()
                watch.changed()
            elif watch:
                watch.stands_at(places.get(job_id))

    async def _check_regularly(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            watchers = [one for watch in self._jobs.values() for one in watch.watchers]
            try:
                over = await self._threads.run(ended, {one.credential for one in watchers})
            except Unreachable as error:
                logger.warning("sign-outs cannot be read: %s", error)
                continue
            for watcher in watchers:
                if watcher.credential in over:
                    watcher.close("signed_out")


async def _never_ending(name: str, work: Coroutine[Any, Any, None]) -> None:
    """A mistake of ours in one of these would be silence for good: it ends the process instead,
    which is started again."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except BaseException:
        logger.exception("%s failed", name)
        raise SystemExit(1) from None
