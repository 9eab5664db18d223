"""How much memory the photos of a process may take together. Each waits for its share of it before
it is decoded, and gives it back when it is done.

What a pixel takes was measured on photos of 50 megapixels (docs/engine.md, "Memory").
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

# Bytes a pixel: the decoder and the photo at its worst (AVIF, WebP), then the photo being edited.
DECODING: Final = 28
EDITING: Final = 20


class MemoryBudget:
    """Bytes that shares are taken of, first come, first served. Safe to share between threads."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._left = total
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @property
    def taken(self) -> int:
        """Bytes that are in use."""
        return self.total - self._left

    def share(self) -> Share:
        """A share of nothing yet."""
        return Share(self)

    def take(self, amount: int) -> None:
        """Wait until so many bytes are left and nobody waits longer. `amount` is at most the total:
        then it waits to be alone."""
        turn = object()
        with self._changed:
            self._queue.append(turn)
            try:
                self._changed.wait_for(lambda: self._queue[0] is turn and self._left >= amount)
                self._left -= amount
            finally:
                self._queue.remove(turn)
                self._changed.notify_all()

    def give_back(self, amount: int) -> None:
        with self._changed:
            self._left += amount
            self._changed.notify_all()


class Share:
    """What one photo takes. It waits once, holding nothing, so that no two wait for each other.

    waited: for how many seconds.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._pixels = 0
        self._held = 0
        self.waited = 0.0

    def admit(self, pixels: int) -> None:
        """Wait for what decoding and editing so many pixels takes. A photo that is larger than the
        whole budget is let in alone."""
        assert not self._held, "a photo is admitted once"
        amount = min(pixels * DECODING, self._budget.total)
        start = time.monotonic()
        self._budget.take(amount)
        self.waited = time.monotonic() - start
        self._pixels, self._held = pixels, amount

    def decoded(self) -> None:
        """Give back what only decoding took."""
        self._shrink_to(min(self._held, self._pixels * EDITING))

    def release(self) -> None:
        """Give everything back. May be repeated."""
        self._shrink_to(0)

    def _shrink_to(self, amount: int) -> None:
        rest, self._held = self._held - amount, amount
        if rest:
            self._budget.give_back(rest)
