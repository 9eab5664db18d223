"""Hints: "this job has changed", for those who watch it (contract §3.6).

A hint is one PUBLISH after the commit, with nothing in it but the job. The truth is in the
database, which watchers are served from; a hint that is lost costs them some seconds
(`jobs/stream/hub.py`). So it must never cost the request that sends it more than a moment.
"""

import logging
import threading
import time
from functools import cache
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
        self._client = redis.Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            # Once more, for a connection that the broker closed while it was idle.
            retry=Retry(NoBackoff(), 1),
        )
        self._lock = threading.Lock()
        self._away_until = float("-inf")

    def send(self, job_id: UUID) -> int | None:
        """How many processes heard it; None when the broker is away, or was a moment ago."""
        if time.monotonic() < self._away_until:
            return None
        try:
            heard: int = self._client.publish(CHANNEL, job_id.hex)
        except redis.RedisError as error:
            self._failed(error)
            return None
        return heard

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        with self._lock:
            first, self._away_until = now >= self._away_until, now + PAUSE_SECONDS
        if first:
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
