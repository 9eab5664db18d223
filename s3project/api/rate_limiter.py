"""Counting requests in one place for all web processes: the broker's Valkey.

The count is the generic cell rate algorithm (GCRA): a key holds the moment at which its whole
allowance is free again. A request moves it on by `seconds / limit`; one that would move it further
than the allowance reaches is refused and moves nothing. So a client may spend its allowance at
once and gets it back evenly, instead of waiting for the end of an hour.

One round trip for a decision, atomic because it is a script, by the store's clock. While the store
is away everything is allowed: a limit protects the service and must not be what stops it.
"""

import hashlib
import logging
import threading
import time
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError, NoScriptError, RedisError
from redis.retry import Retry

from s3project.api.rates import Rate

logger = logging.getLogger(__name__)

# A store on the same network answers within 1 ms; one that does not costs a request this much.
TIMEOUT_SECONDS = 0.2
# After a failure nobody asks for this long, then one request does.
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Script:
    """A script for the store, and the name that the store gives it."""

    text: bytes

    @cached_property
    def sha(self) -> bytes:
        return hashlib.sha1(self.text, usedforsecurity=False).hexdigest().encode()


# Microseconds throughout. ARGV: the time one request costs, the time the allowance reaches.
# Returns: allowed, requests left, time until one more is left.
TAKE = Script(b"""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local cost, reach = tonumber(ARGV[1]), tonumber(ARGV[2])
local free_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + cost
local ahead = free_at - now
if ahead > reach then return {0, 0, ahead - reach} end
redis.call('SET', KEYS[1], string.format('%.0f', free_at), 'PX', math.ceil(ahead / 1000))
local left = math.floor((reach - ahead) / cost)
return {1, left, ahead - reach + (left + 1) * cost}
""")

# ARGV: for how many milliseconds from the first one. Returns how many there were.
COUNT = Script(b"""
local times = tonumber(redis.call('GET', KEYS[1]) or 0) + 1
if times == 1 then redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
else redis.call('SET', KEYS[1], times, 'KEEPTTL') end
return times
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limiter says about one request. `seconds`: until one more request is left."""

    allowed: bool
    left: int
    seconds: int


class RateLimiter:
    """Speaks to one store; each thread has its own connection. Usable from any thread."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._away_until: float | None = None

    def take(self, key: str, rate: Rate) -> Verdict | None:
        """Counts one request; None when the store is away, which allows it."""
        cost = max(rate.seconds * 1_000_000 // rate.limit, 1)
        answer = self._try(TAKE, key, cost, cost * rate.limit)
        if answer is None:
            return None
        allowed, left, microseconds = answer
        return Verdict(bool(allowed), left, -(-microseconds // 1_000_000))

    def count(self, key: str, seconds: int) -> int | None:
        """How often this was called for a key within `seconds` of the first time, this time
        included; None when the store is away."""
        times: int | None = self._try(COUNT, key, seconds * 1000)
        return times

    def _try(self, script: Script, key: str, *numbers: int) -> Any:
        """The script's answer, or None when the store is away."""
        if self._away_until is not None and not self._may_try_again():
            return None
        arguments = [b"1", key.encode(), *(b"%d" % number for number in numbers)]
        try:
            answer = self._ask(script, *arguments)
        except (RedisError, OSError) as error:
            self._failed(error)
            return None
        if self._away_until is not None:
            self._recovered()
        return answer

    def _ask(self, script: Script, *arguments: bytes) -> Any:
        connection: Any = getattr(self._of_thread, "connection", None)
        if connection is not None:
            try:
                return self._run(connection, script, arguments)
            except ConnectionError:
                pass  # closed while it was idle: one more try, on a new one
        self._of_thread.connection = None
        connection = self._pool.make_connection()
        connection.connect()
        answer = self._run(connection, script, arguments)
        self._of_thread.connection = connection
        return answer

    def _run(self, connection: Any, script: Script, arguments: tuple[bytes, ...]) -> Any:
        """The script's answer. A connection that failed is closed: what it would read next could
        be the answer to another question."""
        try:
            try:
                return self._send(connection, b"EVALSHA", script.sha, *arguments)
            except NoScriptError:  # the store was restarted or its scripts were flushed
                return self._send(connection, b"EVAL", script.text, *arguments)
        except BaseException:
            connection.disconnect()
            self._of_thread.connection = None
            raise

    @staticmethod
    def _send(connection: Any, *command: bytes) -> Any:
        connection.send_packed_command(connection.pack_command(*command), check_health=False)
        return connection.read_response()

    # --- The breaker -------------------------------------------------------------------------

    def _may_try_again(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if self._away_until is None or now < self._away_until:
                return self._away_until is None
            self._away_until = now + PAUSE_SECONDS
            return True

    def _failed(self, error: Exception) -> None:
        with self._lock:
            first, self._away_until = self._away_until is None, time.monotonic() + PAUSE_SECONDS
        if first:
            logger.error("rate limits are off while their store is away: %s", error)

    def _recovered(self) -> None:
        with self._lock:
            was_away, self._away_until = self._away_until is not None, None
        if was_away:
            logger.warning("rate limits are on again: their store answers")


@cache
def rate_limiter(url: str) -> RateLimiter | None:
    """The limiter of this process for a store; None, said once, where the URL names none."""
    try:
        return RateLimiter(url)
    except ValueError as error:
        logger.error("rate limits are off, RATE_LIMIT_URL is no Valkey: %s", error)
        return None
