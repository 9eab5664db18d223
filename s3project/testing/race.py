"""Real threads that start together, each on its own database connection."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection, connections

T = TypeVar("T")

# Nothing here waits for longer unless it hangs.
PATIENCE_SECONDS = 20


def race(*actions: Callable[[], T]) -> list[T | Exception]:
    """Runs the actions at once; returns what each returned or raised, in their order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()  # to connect is no part of the race
            start.wait(PATIENCE_SECONDS)
            return action()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))


def forget_lock(
    monkeypatch: pytest.MonkeyPatch,
    queryset: type,
    read: Callable[[Any, Any], object],
    *,
    racers: int,
) -> None:
    """For negative controls: `queryset.lock` becomes a plain `read`, after which everyone waits
    until all racers have read. What the lock prevents then happens for certain.
    """
    all_have_read = threading.Barrier(racers)

    def lock(self: Any, key: Any) -> object:
        row = read(self, key)
        all_have_read.wait(PATIENCE_SECONDS)
        return row

    monkeypatch.setattr(queryset, "lock", lock)
