"""Waiting for what another process does."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.05


def wait_until(reached: Callable[[], bool], *, seconds: float) -> None:
    """Asks until it is so. Raises AssertionError when it is not so in time."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(POLL_SECONDS)
