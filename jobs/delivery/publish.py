"""The broker: queues, the names of tasks, and handing a message over."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from jobs.delivery.task_message import task_message
from s3project.celery import app
from s3project.logs.context import MESSAGE_HEADER, origin
from s3project.telemetry.traces import Kind, carrier, span

# What the end of a batch raises; a message of its own would come with Kombu's error instead.
AWAY = (RedisError, OSError)

logger = logging.getLogger(__name__)

GPU_QUEUE = "gpu"
PACKAGES_QUEUE = "packages"
MAINTENANCE_QUEUE = "maintenance"
PROCESS_ITEMS = "jobs.process_items"
MAKE_PACKAGE = "jobs.make_package"
DELETE_OUTPUTS = "jobs.delete_outputs"
DELETE_JOB_OBJECTS = "jobs.delete_job_objects"
DELETE_OLD_PACKAGES = "jobs.delete_old_packages"
DISCARD_LARGE_UPLOADS = "jobs.discard_large_uploads"
SEND_WEBHOOKS = "jobs.send_webhooks"


class Message(NamedTuple):
    """What a task is called with. Of a queue's messages those of the lowest `level` (0-9) are
    delivered first.
    """

    args: list[object]
    level: int = 0


def _keep_client(channel: Any) -> None:
    """Kombu makes a client of the channel's pool for each batch, whose table of all commands took a
    quarter of the batch's time. One client does: the connections are the pool's.
    """
    make = getattr(channel, "Client", None)
    if make is not None and not hasattr(make, "cache_info"):
        channel.Client = lru_cache(maxsize=1)(make)


def publish(task: str, args: list[object], *, queue: str) -> bool:
    """As `publish_all`, one message."""
    return publish_all(task, [Message(args)], queue=queue)


def publish_all(task: str, messages: Sequence[Message], *, queue: str) -> bool:
    """Whether the broker took the messages, all in one round trip. One try: the sweep is the retry.

    Where it went away in the middle some may have arrived; who sends them again does no harm.
    """
    try:
        with (
            span(f"publish {task}", Kind.PRODUCER),
            app.producer_pool.acquire(block=True) as producer,
            producer.batch(),  # type: ignore[attr-defined]  # newer than its stubs
        ):
            _keep_client(producer.channel)
            headers = {MESSAGE_HEADER: origin(), **carrier()}
            message = task_message(task, queue, producer)
            for args, level in messages:
                message.send(producer, args, level, headers)
    except (OperationalError, *AWAY):
        logger.warning("broker unavailable, %s will be sent later", task)
        return False
    return True
