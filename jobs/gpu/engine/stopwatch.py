"""How long the stages of a photo take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# The benchmark counts the processor's time instead, which other load on a machine changes less.
clock: Callable[[], float] = time.perf_counter


class Stopwatch:
    """Seconds by name; each name is written by one thread at a time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Take the time of a block, also when it raises."""
        start = clock()
        try:
            yield
        finally:
            self.seconds[name] = clock() - start
