"""Hints: "this job has changed", for those who watch it (contract §3.6).

A hint is one PUBLISH after the commit, with nothing in it but the job. The truth is in the
database, which watchers are served from; a hint that is lost costs them some seconds
(`jobs/stream/hub.py`). So it must never cost the request that sends it more than a moment.
"""

import logging
import os
import threading
import time
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from s3project.after_commit import after_commit

logger = logging.getLogger(__name__)

# Of all jobs: who watches some of them looks at the others' hints for a microsecond each.
CHANNEL = "s3:jobs:changed"
TIMEOUT_SECONDS = 0.2
# After a failure nobody tries for this long.
PAUSE_SECONDS = 5.0


class HintSender:
    """Speaks to one broker. Usable from any thread."""

    def __init__(self, url: str) -> None:
        self._pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._lock = threading.Lock()
        self._connection: Any = self._pool.make_connection()  # of no types
        self._of_process = os.getpid()
        # Whether the broker's answer to the last hint is still to be read.
        self._is_answered = True
        self._away_until = float("-inf")

    def send(self, job_id: UUID) -> bool:
        """Whether it was sent: False when the broker is away, or was a moment ago.

        Its answer is not waited for, which would take most of the time, but read before the next
        hint: what went wrong with one is known then.
        """
        packed = self._connection.pack_command("PUBLISH", CHANNEL, job_id.hex)
        with self._lock:
            if time.monotonic() < self._away_until:
                return False
            try:
                self._speak(packed)
            except redis.RedisError as error:
                self._failed(error)
                return False
        return True

    def _speak(self, packed: list[bytes]) -> None:
        if self._of_process != os.getpid():  # the connection is the parent's
            self._connection = self._pool.make_connection()
            self._of_process, self._is_answered = os.getpid(), True
        try:
            self._listen()
        except redis.ConnectionError:  # closed while it was idle, or by a broker that restarted
            self._connection.disconnect()
        self._is_answered = False
        self._connection.send_packed_command(packed, check_health=False)

    def _listen(self) -> None:
        """Reads the last answer. Raises ConnectionError where the broker has hung up."""
        answered, self._is_answered = self._is_answered, True
        if not answered:
            self._connection.read_response()
        if self._connection.is_connected and self._connection.can_read(0):
            raise redis.ConnectionError("the broker has closed the connection")

    def _failed(self, error: Exception) -> None:
        self._connection.disconnect()
        self._is_answered = True
        self._away_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("no hints for watchers for %.0f s: %s", PAUSE_SECONDS, error)


@cache
def _sender(url: str) -> HintSender | None:
    """None, said once, where the broker is none that publishes."""
    try:
        return HintSender(url)
    except ValueError as error:
        logger.error("watchers get no hints, CELERY_BROKER_URL is no Valkey: %s", error)
        return None


def hint(job_id: UUID) -> None:
    """Tells whoever watches the job that it has changed. Belongs after the commit. Never raises."""
    sender = _sender(settings.CELERY_BROKER_URL)
    if sender is not None:
        sender.send(job_id)


def hint_after_commit(job_id: UUID) -> None:
    """As `hint`, once what the transaction changed is there to be read."""
    after_commit(hint, job_id)
