"""What the events process asks the database, from threads of its own.

Each thread keeps a connection; that many there are, however many watch. A connection that died with
its database is given up by the call that found it dead, and the next one connects anew.
"""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from jobs.api.job_shapes import WatchedFacts, watched_facts
from jobs.api.watch_events import has_ended, version_id
from jobs.errors import JobNotFound
from jobs.lifecycle import selectors
from jobs.lifecycle.line import LINE, Place
from jobs.lifecycle.selectors import JobView
from jobs.stream.changes import Known, changes, known

P = ParamSpec("P")
T = TypeVar("T")


class Unreachable(Exception):
    """The database, or what URLs are signed with, is away for the moment."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A job as it is now: the events that lead here from what was known, if anything was."""

    view: JobView
    facts: WatchedFacts
    place: Place | None
    known: Known
    frames: list[bytes]
    has_ended: bool


class Threads:
    """So many threads for one kind of question."""

    def __init__(self, count: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises Unreachable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: _asked(ask, *args, **kwargs))


def _asked(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return ask(*args, **kwargs)
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        raise Unreachable(type(error).__name__) from error


def read_job(user_id: UUID, job_id: UUID, before: Known | None) -> Reading | None:
    """One query, and that for the line where nobody asked for it a moment ago; None when there is
    no such job any more. Raises StorageUnavailable."""
    try:
        view = selectors.get_job(user_id=user_id, job_id=job_id)
    except JobNotFound:
        return None
    place = LINE.place_of(job_id) if view.job.is_in_work else None
    facts = watched_facts(view, place)
    present = known(facts, version_id(view.state))
    frames = [] if before is None else changes(before, present, facts)
    return Reading(view, facts, place, present, frames, has_ended(facts))


def read_versions(job_ids: Collection[UUID]) -> dict[UUID, str]:
    """The ids that events of these jobs would have now. One query for all of them."""
    states = selectors.get_job_states(job_ids)
    return {job_id: version_id(state) for job_id, state in states.items()}
