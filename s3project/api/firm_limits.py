"""Limits that hold while their store is away: each process then counts for itself.

The limits of the API fail open (`rate_limiter.py`), because they protect what a client may use. One
that stands before a password must not: whoever can disturb the store could guess without end. While
it is away the limit is therefore one of each web process, at most so many times as there are.
"""

import threading
import time
from collections import OrderedDict
from typing import TypeVar

from django.conf import settings

from s3project.api.rate_limiter import Verdict, rate_limiter
from s3project.api.rates import Rate

T = TypeVar("T")

# Of a process, about 2 MB; beyond, the key that was asked for least recently is forgotten.
MAX_KEYS = 10_000


class LocalLimiter:
    """What `RateLimiter` does, in the memory of one process. Usable from any thread."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._lock = threading.Lock()
        self._free_at: OrderedDict[str, float] = OrderedDict()
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def take(self, key: str, rate: Rate) -> Verdict:
        """Counts one request; the generic cell rate algorithm."""
        cost, reach, now = rate.seconds / rate.limit, float(rate.seconds), time.monotonic()
        with self._lock:
            ahead = max(self._free_at.get(key, 0.0), now) + cost - now
            # The difference of two times is not exact.
            if ahead > reach + cost / 1e6:
                return Verdict(False, 0, _whole(ahead - reach))
            self._keep(self._free_at, key, now + ahead)
        left = int((reach - ahead) / cost + 1e-6)
        return Verdict(True, left, _whole(ahead - reach + (left + 1) * cost))

    def count(self, key: str, seconds: int) -> int:
        """How often this was called for a key within `seconds` of the first time."""
        now = time.monotonic()
        with self._lock:
            times, until = self._counts.get(key, (0, now + seconds))
            if until <= now:
                times, until = 0, now + seconds
            self._keep(self._counts, key, (times + 1, until))
        return times + 1

    def _keep(self, kept: "OrderedDict[str, T]", key: str, value: T) -> None:
        kept[key] = value
        kept.move_to_end(key)
        if len(kept) > self._max_keys:
            kept.popitem(last=False)


def _whole(seconds: float) -> int:
    return max(int(-(-seconds // 1)), 0)


LOCAL = LocalLimiter()


def take(key: str, rate: Rate) -> Verdict:
    """Counts one request, in the store or, while that is away, in this process."""
    limiter = rate_limiter(settings.RATE_LIMIT_URL)
    verdict = limiter.take(f"s3:rate:{key}", rate) if limiter else None
    return verdict or LOCAL.take(key, rate)


def count(key: str, seconds: int) -> int:
    """How often this was called for a key within `seconds` of the first time; as `take`."""
    limiter = rate_limiter(settings.RATE_LIMIT_URL)
    times = limiter.count(f"s3:rate:{key}", seconds) if limiter else None
    return times or LOCAL.count(key, seconds)
