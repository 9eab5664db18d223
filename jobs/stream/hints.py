"""Listening to hints (`jobs/delivery/hints.py`), over a broker that comes and goes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from jobs.delivery.hints import CHANNEL

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
# A broker that says nothing for this long is asked whether it is still there.
PING_SECONDS = 10
TIMEOUT_SECONDS = 5


async def hints() -> AsyncIterator[UUID | None]:
    """Jobs that have changed; None each time that listening begins, for what was said before.

    Never ends: while the broker is away it is tried again.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            async for job_id in _listen():
                pause = FIRST_PAUSE
                yield job_id
        except (RedisError, OSError, ValueError) as error:
            if pause == FIRST_PAUSE:
                logger.warning("no hints: %s", error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _listen() -> AsyncIterator[UUID | None]:
    """Raises RedisError or OSError when the broker goes, ValueError where its address is none."""
    client = Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        health_check_interval=PING_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    async with client, client.pubsub(ignore_subscribe_messages=True) as heard:
        await heard.subscribe(CHANNEL)
        yield None
        while True:
            message = await heard.get_message(timeout=1.0)
            if message is not None:
                yield UUID(hex=message["data"].decode())
