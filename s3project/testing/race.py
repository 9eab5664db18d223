"""Real threads that start together, each on its own database connection."""

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from django.db import connection, connections

T = TypeVar("T")

# Nothing here waits for longer unless it hangs.
PATIENCE_SECONDS = 20
ROW_LOCK = re.compile(r" FOR (NO KEY )?UPDATE( OF [^()]*)?\s*$")
WRITE = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM) ")  # also inside a WITH


def race(*actions: Callable[[], T]) -> list[T | Exception]:
    """Runs the actions at once; returns what each returned or raised, in their order."""
    return _race(actions, nullcontext)


def race_without_locks(*actions: Callable[[], T]) -> list[T | Exception]:
    """For negative controls: no row is locked, and nobody writes before all have read.

    What the locks prevent then happens for certain, so that a race which passes is known to pass
    because of them.
    """
    everyone_has_read = threading.Barrier(len(actions))
    return _race(actions, lambda: connection.execute_wrapper(_Unlocked(everyone_has_read)))


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


class _Unlocked:
    """Takes the locks out of one thread's SQL; its first write waits for the other threads."""

    def __init__(self, everyone_has_read: threading.Barrier) -> None:
        self._everyone_has_read = everyone_has_read
        self._has_read = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        sql = ROW_LOCK.sub("", sql)
        if WRITE.search(sql) and not self._has_read:
            self._has_read = True
            self._everyone_has_read.wait(PATIENCE_SECONDS)
        return execute(sql, params, many, context)
