"""Looking into the broker's queues."""

import base64
import json
from typing import Any

from s3project.celery import app


def purge(queue: str) -> None:
    """Throws the waiting messages away."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.client.delete(queue)


def waiting(queue: str) -> list[tuple[str, list[Any]]]:
    """(task, arguments) of the waiting messages, oldest first; they stay where they are."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        raw = channel.client.lrange(queue, 0, -1)
    messages = [json.loads(one) for one in reversed(raw)]
    return [(message["headers"]["task"], _arguments(message)) for message in messages]


def _arguments(message: dict[str, Any]) -> list[Any]:
    args, _, _ = json.loads(base64.b64decode(message["body"]))
    return list(args)
