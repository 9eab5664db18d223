"""What asyncio and threads do each in their own way: waiting, locking, doing several things."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TypeVar

import httpx
from tenacity import Retrying

T = TypeVar("T")

Lock = threading.Lock
Http = httpx.Client
HttpTransport = httpx.BaseTransport

__all__ = [
    "Crew",
    "Http",
    "HttpTransport",
    "Lock",
    "Retrying",
    "closing",
    "in_thread",
    "sleep",
]


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def in_thread(function: Callable[..., T], *args: object) -> T:
    """We are in one."""
    return function(*args)


class Stopped(Exception):
    """Another one of the crew failed, or the caller was interrupted."""


class Crew:
    """Several things at once, `limit` at most.

    The threads are daemons: a Ctrl-C ends the process at once, whatever is being sent.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stopped = threading.Event()

    def each(self, function: Callable[[T], None], items: Iterable[T]) -> None:
        """Calls the function with each item. The first error ends it all and is raised."""
        waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
        for item in items:
            waiting.put(item)
        errors: list[BaseException] = []

        def work() -> None:
            while not self._stopped.is_set():
                try:
                    item = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    function(item)
                except Stopped:
                    return
                except BaseException as error:
                    errors.append(error)
                    self._stopped.set()

        count = min(self._limit, waiting.qsize())
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self._stopped.set()
            raise
        if errors:
            raise errors[0]

    def check(self) -> None:
        """Between two pieces of work. Raises Stopped when there is no use in going on."""
        if self._stopped.is_set():
            raise Stopped
