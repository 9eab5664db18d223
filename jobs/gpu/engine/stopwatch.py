"""How long the stages of a photo take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# The benchmark counts the processor's time instead, which other load on a machine changes less.
clock: Callable[[], float] = time.perf_counter


class Stopwatch:
    """Seconds by name. What is measured within something else counts there and not twice; the
    steps of a photo follow each other, whichever thread they run in.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within: list[float] = []

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Take the time of a block, also when it raises; a name's blocks add up."""
        self.seconds.setdefault(name, 0.0)
        self._within.append(0.0)
        start = clock()
        try:
            yield
        finally:
            took = clock() - start
            self.seconds[name] += took - self._within.pop()
            if self._within:
                self._within[-1] += took
