"""`GET /ready`: whether this process reaches what it needs, asked of all parts at once.

Never slower than TIMEOUT and never more often than once per FRESH_FOR: a load balancer that asks
every process each second must not become a load of its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Final, Literal, TypedDict, cast

import redis
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from rest_framework.request import Request

from s3project.api.answers import Answer
from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.errors import Unavailable
from s3project.wording import listed

logger = logging.getLogger(__name__)

TIMEOUT = 1.5  # seconds for all checks together
FRESH_FOR = 1.0  # seconds that an answer is reused

READY: Final = "ready"
UNREACHABLE = "unreachable"
SLOW = f"no answer within {TIMEOUT} s"


class NotReady(Unavailable):
    """`details` says of every part whether it is ready."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        away = [f"{part} ({state})" for part, state in parts.items() if state != READY]
        super().__init__(f"Not ready to serve: {listed(away, 'and')}.", parts)


def check_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        # The checks have threads of their own, and with them connections of their own.
        connection.close()


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1, max_connections=2
    )


def check_broker() -> None:
    _broker().ping()


def check_storage() -> None:
    storage: Any = storages["default"]
    storage.client.head_bucket(Bucket=storage.bucket_name)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
}
AWAY = (DatabaseError, redis.RedisError, BotoCoreError, ClientError, OSError, ValueError)


class Readiness:
    """The last answer, and the threads that ask for the next one."""

    def __init__(self, checks: dict[str, Callable[[], None]]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(len(checks), thread_name_prefix="ready")
        self._running: dict[str, Future[None]] = {}
        self._parts: dict[str, str] = {}
        self._asked_at = float("-inf")

    def parts(self) -> dict[str, str]:
        """Part → READY or the reason why not."""
        with self._lock:
            if time.monotonic() - self._asked_at > FRESH_FOR:
                self._parts = self._ask()
                self._asked_at = time.monotonic()
            return self._parts

    def _ask(self) -> dict[str, str]:
        for name, check in self._checks.items():
            # A check that still hangs from last time is not started again on top of itself.
            if name not in self._running or self._running[name].done():
                self._running[name] = self._threads.submit(check)
        wait(self._running.values(), timeout=TIMEOUT)
        return {name: self._result(name) for name in self._checks}

    def _result(self, name: str) -> str:
        future = self._running[name]
        if not future.done():
            return SLOW
        try:
            future.result()
        except AWAY as error:
            logger.warning("not ready: %s: %s", name, type(error).__name__)
            return UNREACHABLE
        return READY


readiness = Readiness(CHECKS)


class ReadyPartsOut(TypedDict):
    database: Literal["ready"]
    broker: Literal["ready"]
    storage: Literal["ready"]


class ReadinessOut(TypedDict):
    status: Literal["ready"]
    parts: ReadyPartsOut


class ReadyView(ApiView):
    tag = "Probes"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @Operation("ready")
    def get(self, request: Request) -> Answer[ReadinessOut]:
        """Does this process reach what it needs?

        Database, broker and storage; 503 with the state of each part when one is away. An answer
        is at most 1 second old.
        """
        parts = readiness.parts()
        if any(state != READY for state in parts.values()):
            raise NotReady(parts)
        return Answer({"status": READY, "parts": cast(ReadyPartsOut, parts)})
