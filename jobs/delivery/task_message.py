"""What Celery puts around a task's arguments, made once for each task and not for each message.

`send_task` looks up the task's options, its route and its queue, declares the queue, calls its
signals and makes twenty headers: for the few messages of a set it took a tenth of `/execute`. All
but the message's id is the same each time, so that it is Celery itself that is asked for it, with
a producer that keeps what it would send. A test holds the messages to those of `send_task`.

That no message names the task it was sent by is on purpose: the request that caused it is in a
header of ours. Whoever takes from a queue declares it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from celery.utils import uuid
from kombu import Producer

from s3project.celery import app


class _Kept:
    """In a producer's place."""

    def __init__(self, producer: Producer) -> None:
        self.connection = producer.connection
        self.body: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def publish(self, body: tuple[Any, ...], **options: Any) -> None:
        self.body, self.options = body, options


class TaskMessage:
    """Of a task in a queue."""

    def __init__(self, task: str, queue: str, producer: Producer) -> None:
        kept: Any = _Kept(producer)
        # Without arguments of its own to show Celery writes them out again, for its logs.
        app.send_task(task, queue=queue, priority=0, retry=False, producer=kept, argsrepr="…")
        self._rest = kept.body[1:]
        self._options = kept.options
        self._headers = kept.options["headers"]
        del self._options["declare"]
        # The name of the thread that made this, which not each message is sent by; none replies.
        del self._options["reply_to"]

    def send(
        self, producer: Producer, args: Sequence[object], level: int, headers: Mapping[str, str]
    ) -> None:
        """Raises what the producer does."""
        name = uuid()
        own = {"id": name, "root_id": name, "parent_id": None}
        options: dict[str, Any] = {
            **self._options,
            "priority": level,
            "correlation_id": name,
            "headers": {**self._headers, **own, **headers},
        }
        producer.publish((args, *self._rest), **options)


_messages: dict[tuple[str, str], TaskMessage] = {}


def task_message(task: str, queue: str, producer: Producer) -> TaskMessage:
    """The one of this process."""
    known = _messages.get((task, queue))
    if known is None:
        known = _messages[task, queue] = TaskMessage(task, queue, producer)
    return known
