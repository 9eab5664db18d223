"""When a request is sent again, and after how long. No network in here."""

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenacity import RetryCallState, stop_after_attempt, stop_before_delay
from tenacity.stop import stop_base

from s3sets._calls import Call
from s3sets.errors import (
    RateLimited,
    RequestInProgress,
    S3SetsError,
    TransferFailed,
    Unavailable,
    Unreachable,
)

# Of `RateLimit: "user";r=0;t=3, "create";r=12;t=1` each policy's remaining requests and seconds.
LIMIT = re.compile(r'"([^"]*)"\s*;\s*r=(\d+)\s*;\s*t=(\d+)')
EVERYWHERE = ""  # where a user's own limit counts
ID = re.compile(r"[a-z]+_[0-9a-f]{32}")
# Storages answer these for a moment and mean it for a moment.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient the client is. Only what is safe to repeat is repeated, whatever this says.

    `attempts` of one request at most, over `patience` seconds at most; the first pause is up to
    `first_pause` seconds, each further one up to twice as long, `longest_pause` at most. What the
    server asks for (`Retry-After`) is waited for instead. `on_pause` is called with what went wrong
    and the seconds until it is tried again.

    `on_away` is called with what is known of it when the server is away: it was not reached and is
    asked again, or it has not answered for some seconds and is waited for. `on_back` is called
    when it answers after that. Both may be called from another thread.
    """

    attempts: int = 8
    patience: float = 120.0
    first_pause: float = 0.5
    longest_pause: float = 20.0
    on_pause: Callable[[S3SetsError, float], None] | None = None
    on_away: Callable[[str], None] | None = None
    on_back: Callable[[], None] | None = None

    def before_sleep(self, state: RetryCallState) -> None:
        """For tenacity."""
        error = state.outcome and state.outcome.exception()
        if self.on_pause is not None and isinstance(error, S3SetsError):
            self.on_pause(error, state.upcoming_sleep)

    def stop(self) -> stop_base:
        """For tenacity: no pause is begun that patience does not see the end of."""
        return stop_after_attempt(self.attempts) | stop_before_delay(self.patience)

    def pause(self, state: RetryCallState) -> float:
        """For tenacity: seconds until the next try."""
        told = getattr(state.outcome and state.outcome.exception(), "retry_after", None)
        # Many clients that were told the same second do not come in the same one.
        if told is not None:
            return float(told) + random.uniform(0, min(1.0, 0.25 * told + 0.1))
        highest = min(self.longest_pause, self.first_pause * 2.0 ** (state.attempt_number - 1))
        return random.uniform(highest / 2, highest)


NEVER = Retries(attempts=1)


def is_worth_repeating(call: Call, error: BaseException) -> bool:
    """Whether the same request, sent again, may succeed and cannot do harm."""
    if isinstance(error, RateLimited | RequestInProgress):
        return True  # refused before anything was done
    if isinstance(error, Unreachable):
        return call.is_repeatable or not error.maybe_done
    return isinstance(error, Unavailable) and call.is_repeatable


def is_passing(error: BaseException) -> bool:
    """Whether a transfer from or to the storage is worth another try."""
    return isinstance(error, TransferFailed) and (error.status is None or error.status in PASSING)


class Allowance:
    """What the server last said of the rate of requests (`RateLimit`). Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def note(self, call: Call, headers: Mapping[str, str]) -> None:
        now = time.monotonic()
        with self._lock:
            for policy, left, seconds in LIMIT.findall(headers.get("ratelimit", "")):
                place = EVERYWHERE if policy == "user" else _kind(call)
                self._free_at[place] = now + int(seconds) if int(left) == 0 else 0.0

    def pause(self, call: Call) -> float:
        """Seconds until this request would not be refused; 0 when it would not be now."""
        with self._lock:
            free_at = max(self._free_at.get(place, 0.0) for place in (EVERYWHERE, _kind(call)))
        return max(0.0, free_at - time.monotonic())


def _kind(call: Call) -> str:
    """Requests that one policy counts together."""
    return f"{call.method} {ID.sub('*', call.path)}"
