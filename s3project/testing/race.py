"""Real threads that start together, each on its own database connection."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from django.db import connection, connections

T = TypeVar("T")

# Nothing here waits for longer unless it hangs.
PATIENCE_SECONDS = 20
POLL_SECONDS = 0.002
ROW_LOCK = re.compile(r" FOR (NO KEY )?UPDATE( OF [^()]*)?\s*$")
LOCK = re.compile(r" FOR (NO KEY )?UPDATE\b|pg_try_advisory_xact_lock")
WRITE = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM) ")  # also inside a WITH


def race(*actions: Callable[[], T]) -> list[T | Exception]:
    """Runs the actions at once; returns what each returned or raised, in their order."""
    return _race(actions, nullcontext)


def race_in_turn(first: Callable[[], T], second: Callable[[], T]) -> list[T | Exception]:
    """Runs both at once, so that the second meets the locks of the first.

    The second begins when the first has taken its first lock, and the first goes on when the second
    waits for it or is done. One order of a race for certain, where `race` leaves it to chance.
    """
    locked, over = threading.Event(), threading.Event()
    pids: list[int] = []

    def lead() -> T:
        try:
            with connection.execute_wrapper(_Leader(locked, over, pids)):
                return first()
        finally:
            locked.set()

    def follow() -> T:
        try:
            pids.append(connection.connection.info.backend_pid)
            assert locked.wait(PATIENCE_SECONDS), "the first took no lock"
            return second()
        finally:
            over.set()

    return _race((lead, follow), nullcontext)


def race_without_locks(*actions: Callable[[], T]) -> list[T | Exception]:
    """For negative controls: no row is locked, and nobody writes before all have read.

    What the locks prevent then happens for certain, so that a race which passes is known to pass
    because of them.
    """
    everyone_has_read = threading.Barrier(len(actions))
    return _race(actions, lambda: connection.execute_wrapper(_Unlocked(everyone_has_read)))


def race_without_locks_in_turn(
    first: Callable[[], T], second: Callable[[], T]
) -> list[T | Exception]:
    """As `race_without_locks`; of the two orders of writing this is one for certain. When both have
    read, the first goes on to its end, and only then the second writes."""
    everyone_has_read, over = threading.Barrier(2), threading.Event()

    def lead() -> T:
        try:
            with connection.execute_wrapper(_Unlocked(everyone_has_read)):
                return first()
        finally:
            over.set()

    def follow() -> T:
        with connection.execute_wrapper(_Unlocked(everyone_has_read, after=over)):
            return second()

    return _race((lead, follow), nullcontext)


def names(outcomes: Sequence[object]) -> list[str]:
    """What came out, sorted: a text as it is, an exception by its class."""
    return sorted(
        outcome if isinstance(outcome, str) else type(outcome).__name__ for outcome in outcomes
    )


def _race(
    actions: Sequence[Callable[[], T]], conditions: Callable[[], AbstractContextManager[None]]
) -> list[T | Exception]:
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()  # to connect is no part of the race
            start.wait(PATIENCE_SECONDS)
            with conditions():
                return action()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))


class _Leader:
    """Holds its thread up after the first lock, until who follows waits for it or is done."""

    def __init__(
        self, locked: threading.Event, follower_is_done: threading.Event, follower: list[int]
    ) -> None:
        self._locked = locked
        self._follower_is_done = follower_is_done
        self._follower = follower

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        if LOCK.search(sql) and not self._locked.is_set():
            self._locked.set()
            self._wait()
        return result

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._follower_is_done.wait(POLL_SECONDS):
            assert time.monotonic() < deadline, "the second neither waits nor ends"
            if not self._follower:
                continue  # it has not said yet who it is
            # Past Django, whose wrappers would come back here.
            question = "SELECT cardinality(pg_blocking_pids(%s))"
            if connection.connection.execute(question, self._follower).fetchone()[0]:
                return


class _Unlocked:
    """Takes the locks out of one thread's SQL; its first write waits for the other threads, and for
    what it is to come after."""

    def __init__(
        self, everyone_has_read: threading.Barrier, *, after: threading.Event | None = None
    ) -> None:
        self._everyone_has_read = everyone_has_read
        self._after = after
        self._has_read = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        sql = ROW_LOCK.sub("", sql)
        if WRITE.search(sql) and not self._has_read:
            self._has_read = True
            self._everyone_has_read.wait(PATIENCE_SECONDS)
            if self._after is not None:
                assert self._after.wait(PATIENCE_SECONDS), "the first does not end"
        return execute(sql, params, many, context)
