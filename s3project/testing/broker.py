"""Looking into the broker's queues."""

import base64
import json
from typing import Any

from s3project.celery import app

LEVELS = range(10)


def purge(queue: str) -> None:
    """Throws the waiting messages away."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.client.delete(*(channel._q_for_pri(queue, level) for level in LEVELS))


def waiting(queue: str) -> list[tuple[str, list[Any]]]:
    """(task, arguments) of the waiting messages in the order of delivery: the most urgent level
    first, the oldest of a level first. They stay where they are."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        levels = [
            reversed(channel.client.lrange(channel._q_for_pri(queue, level), 0, -1))
            for level in LEVELS
        ]
    messages = [json.loads(one) for level in levels for one in level]
    return [(message["headers"]["task"], _arguments(message)) for message in messages]


def _arguments(message: dict[str, Any]) -> list[Any]:
    args, _, _ = json.loads(base64.b64decode(message["body"]))
    return list(args)
