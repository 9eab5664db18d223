"""A client of the broker is made once, and whatever happens to its connections is no matter."""

import os
from typing import Any

import celery
import pytest
import redis
from django.conf import settings
from kombu import Producer

from jobs.delivery import publish
from jobs.delivery.publish import MAINTENANCE_QUEUE, Message, publish_all
from jobs.tests.delivery.broker_away import broker_away
from s3project.celery import app
from s3project.testing.broker import waiting

pytestmark = pytest.mark.usefixtures("engines", "empty_queues")

TASK = "jobs.delete_outputs"


def send(*names: str) -> bool:
    return publish_all(TASK, [Message([name]) for name in names], queue=MAINTENANCE_QUEUE)


def sent() -> list[str]:
    return [args[0] for _, args in waiting(MAINTENANCE_QUEUE)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[redis.Redis]:
    """The clients that are made from now on."""
    clients: list[redis.Redis] = []
    make: Any = redis.Redis.__init__

    def noted(client: redis.Redis, *args: Any, **options: Any) -> None:
        # A batch is a client too, which is given its table.
        if type(client) is redis.Redis:
            clients.append(client)
        make(client, *args, **options)

    monkeypatch.setattr(redis.Redis, "__init__", noted)
    return clients


def test_one_client_sends_all_batches(made: list[redis.Redis]) -> None:
    assert send("0")
    made.clear()

    assert all(send(str(number), f"{number}b") for number in range(1, 5))

    assert made == []
    assert sent() == ["0", *(f"{number}{half}" for number in range(1, 5) for half in ("", "b"))]


def test_connections_that_the_broker_has_closed_are_made_anew() -> None:
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as admin:
        for name in ("0", "1", "2"):
            assert send(name)
            admin.client_kill_filter(_type="normal", skipme=True)

    assert sent() == ["0", "1", "2"]


def test_a_broker_that_comes_back_takes_messages_again() -> None:
    assert send("0")
    with broker_away():
        assert not send("1")
        assert not send("2")
    assert send("3")

    assert sent() == ["0", "3"]


def test_a_process_that_was_forked_sends_by_connections_of_its_own() -> None:
    assert send("parent")
    child = os.fork()
    if not child:
        os._exit(0 if send("child") else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert send("parent")

    assert sent() == ["parent", "child", "parent"]


def test_a_broker_of_another_kind_takes_messages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    other = celery.Celery("other", set_as_current=False)
    other.conf.update(broker_write_url="memory://")
    monkeypatch.setattr(publish, "app", other)
    try:
        assert send("0", "1")
        with other.producer_pool.acquire() as producer:
            assert queued(producer) == 2
    finally:
        other.close()


def queued(producer: Producer) -> int:
    channel: Any = producer.channel
    size: int = channel._size(MAINTENANCE_QUEUE)
    return size


def test_the_kept_client_is_the_pools_own(made: list[redis.Redis]) -> None:
    """A pool that was closed is not written to again."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        publish._keep_client(channel)
        publish._keep_client(channel)
        first = channel._create_client()
        assert channel._create_client() is first
        channel._disconnect_pools()
        assert channel._create_client().connection_pool is channel.pool is not first.connection_pool
