"""The idempotency key of an item's result (contract §4.3): whose result it is, and how it came.

No clock is in one: the same result of the same attempt is the same callback.
"""

import re
from typing import Final

ATTEMPT: Final = re.compile(r":attempt([0-9]{1,9})\Z")

# Why the server itself fails an item: as its error, and as the tail of its key.
TIMEOUT: Final = "timeout"  # no worker reported it in time
WORKER_LOST: Final = "worker_lost"  # no worker that took it came through


def attempt_key(prefix: str, idx: int, attempt: int) -> str:
    """The key of what a worker reports."""
    return f"{prefix}:{idx}:attempt{attempt}"


def given_up_key(prefix: str, idx: int, reason: str) -> str:
    """The key of a failure that the server decided."""
    return f"{prefix}:{idx}:{reason}"


def attempt_of(key: str) -> int | None:
    """The attempt that a key names, or None for a key of another make."""
    match = ATTEMPT.search(key)
    return int(match[1]) if match else None
