"""How much memory a process keeps from one photo to the next, and when it gives it back.

What is given back comes again page by page, each cleared by the system: a seventh of what a photo
costs. Does nothing where the C library is not glibc, whose settings these are (mallopt(3)).
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# The largest layers of the networks and the pixels of a photo of 20 MP are taken from the heap,
# what is larger from the system; and so much of the heap's end stays when it is free.
_FROM_THE_HEAP: Final = 64 * 1024 * 1024
_KEPT: Final = 256 * 1024 * 1024
_IDLE_SECONDS: Final = 10.0

_lock = threading.Lock()
_waiting: threading.Timer | None = None
_users = 0


def keep_memory() -> None:
    """Keep what was used, for all threads together: each would keep as much again."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _FROM_THE_HEAP)
        mallopt(_TRIM_THRESHOLD, _KEPT)


def give_back() -> None:
    """Give everything back that is free."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@contextmanager
def in_use(idle_seconds: float = _IDLE_SECONDS) -> Iterator[None]:
    """While photos are worked on. So long after the last ones memory is given back, unless others
    have begun."""
    global _users, _waiting
    with _lock:
        _users += 1
        if _waiting is not None:
            _waiting.cancel()
            _waiting = None
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _waiting = threading.Timer(idle_seconds, give_back)
                _waiting.daemon = True
                _waiting.start()
