"""What a process reads once for all who ask within a moment."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# What was read is good for so long, whoever asks; and if reading it takes long, for so many times
# as long as that took.
FRESH_SECONDS = 2.0
REST = 20


class Fresh(Generic[T]):
    """What `read` says, as it was a moment ago. Usable from any thread."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._found: T | None = None
        self._read_at = self._good_until = float("-inf")

    def get(self, *, read_after: float = float("-inf")) -> T:
        """What is fresh, and was read after that moment of time.monotonic(). While somebody reads
        it anew the others get what there was, if it is good enough: none of their requests waits
        for the query."""
        found = self._found
        may_wait = found is None or self._read_at < read_after
        if not self._lock.acquire(blocking=may_wait):
            assert found is not None, "nobody waits only where there is something"
            return found
        try:
            now = time.monotonic()
            if self._found is None or now >= self._good_until or self._read_at < read_after:
                self._found = self._read()
                self._read_at = now
                took = time.monotonic() - now
                self._good_until = now + max(FRESH_SECONDS, REST * took)
            return self._found
        finally:
            self._lock.release()

    def forget(self) -> None:
        """The next one who asks is told what is so then."""
        with self._lock:
            self._good_until = float("-inf")
