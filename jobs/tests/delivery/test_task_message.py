"""A message is what Celery's own `send_task` sends, however it was made."""

import json
from threading import Thread
from typing import Any

import pytest

from jobs.delivery import task_message
from jobs.delivery.publish import (
    DELETE_OUTPUTS,
    GPU_QUEUE,
    MAINTENANCE_QUEUE,
    MAKE_PACKAGE,
    PACKAGES_QUEUE,
    PROCESS_ITEMS,
    Message,
    publish_all,
)
from s3project.celery import app
from s3project.logs.context import MESSAGE_HEADER, work
from s3project.testing.broker import LEVELS, purge

pytestmark = [pytest.mark.usefixtures("engines", "empty_queues")]

REQUEST = "5f8f4f0e-7f0c-4b5e-9d53-0f6f3f0a3c11"
LEVEL = 3


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery looks a task's options up where its module was imported, which in a run of tests may
    be after the first of its messages was made."""
    monkeypatch.setattr(task_message, "_messages", {})


def taken(queue: str) -> dict[str, Any]:
    """The one message that waits, as it lies in the broker."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        lists = {
            level: channel.client.lrange(channel._q_for_pri(queue, level), 0, -1)
            for level in LEVELS
        }
    purge(queue)
    assert [level for level, found in lists.items() if found] == [LEVEL]
    [text] = lists[LEVEL]
    message: dict[str, Any] = json.loads(text)
    return message


def without_names(message: dict[str, Any]) -> dict[str, Any]:
    """Those of the message itself, each of which it has once and no other has."""
    headers, properties = message["headers"], message["properties"]
    assert headers["id"] == headers["root_id"] == properties["correlation_id"]
    assert properties["delivery_tag"] != headers["id"]
    del headers["id"], headers["root_id"]
    del properties["correlation_id"], properties["delivery_tag"]
    return message


def without_an_answer(message: dict[str, Any]) -> dict[str, Any]:
    """Celery names the thread that sends, for results that come back: here none does."""
    assert app.conf.task_ignore_result
    del message["properties"]["reply_to"]
    return message


def publish(task: str, queue: str, args: list[Any]) -> None:
    with work(REQUEST):
        assert publish_all(task, [Message(args, LEVEL)], queue=queue)


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        (PROCESS_ITEMS, GPU_QUEUE),
        (MAKE_PACKAGE, PACKAGES_QUEUE),
        (DELETE_OUTPUTS, MAINTENANCE_QUEUE),
    ],
)
def test_a_message_is_the_one_that_celery_sends(task: str, queue: str) -> None:
    args: list[Any] = [{"name": "거실", "items": [1, 2]}]
    names, messages = set(), []
    for _ in range(2):  # the second is made of what was kept, and in another thread
        sending = Thread(target=publish, args=(task, queue, args))
        sending.start()
        sending.join()
        message = taken(queue)
        names.add(message["headers"]["id"])
        messages.append(without_names(message))

    app.send_task(
        task,
        args=args,
        queue=queue,
        priority=LEVEL,
        retry=False,
        argsrepr="…",
        headers={MESSAGE_HEADER: REQUEST},
    )

    assert messages == [without_an_answer(without_names(taken(queue)))] * 2
    assert len(names) == 2
