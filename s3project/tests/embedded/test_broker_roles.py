"""What each kind of process may do in the broker, and that a broker which fails over ends none."""

import time
from collections.abc import Iterator

import pytest
import redis
from redis.exceptions import NoPermissionError, ResponseError

from jobs.delivery.hints import CHANNEL
from jobs.tests.live_sets import KITCHEN, is_finished, start_set, wait_for
from s3project.embedded import processes
from s3project.embedded.stack import BROKER_VARIABLES, EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until

SEPARATOR = "\x06\x16"
DANGEROUS: list[tuple[str, ...]] = [
    *(("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"), ("SCAN", "0"), ("CONFIG", "GET", "*")),
    *(("SHUTDOWN", "NOSAVE"), ("ACL", "LIST"), ("MONITOR",)),
    *(("REPLICAOF", "127.0.0.1", "1"), ("CLIENT", "LIST"), ("SAVE",), ("FUNCTION", "LIST")),
    *(("SET", "anything", "1"), ("GET", "anything"), ("PUBLISH", "anything", "1")),
    *(("MODULE", "LIST"), ("SCRIPT", "FLUSH"), ("SUBSCRIBE", "anything"), ("COPY", "gpu", "x")),
]
# What the administrator would wait in, or be left in another mode by.
WAITING = ("BRPOP", "SUBSCRIBE", "PSUBSCRIBE")
REFUSED: dict[str, list[tuple[str, ...]]] = {
    "WEB_BROKER_URL": [
        *(("BRPOP", "gpu", "1"), ("LRANGE", "gpu", "0", "-1"), ("DEL", "gpu")),
        *(("HGET", "unacked.gpu", "a"), ("HGETALL", "unacked.maintenance")),
        ("PUBLISH", "/0.celery-maintenance.pidbox", "{}"),
        ("SUBSCRIBE", CHANNEL),
        ("SET", "s3:rate:a", "1"),
        ("EVAL", "return redis.call('GET', 's3:rate:a')", "0"),
    ],
    "WORKER_BROKER_URL": [
        ("INFO",),
        *(("LPUSH", "maintenance", "{}"), ("LPUSH", f"maintenance{SEPARATOR}3", "{}")),
        *(("BRPOP", "maintenance", "1"), ("LLEN", "maintenance")),
        *(
            ("HSET", "unacked.maintenance", "a", "b"),
            ("ZADD", "unacked_index.maintenance", "1", "a"),
        ),
        *(("HSET", "unacked", "a", "b"), ("SADD", "_kombu.binding.maintenance", "a")),
        ("PUBLISH", "/0.celery-maintenance.pidbox", "{}"),
        ("PUBLISH", CHANNEL, "a"),
        ("GET", "s3:rate:a"),
        ("EVAL", "return redis.call('LPUSH', 'maintenance', 'a')", "0"),
    ],
    "MAINTENANCE_BROKER_URL": [
        *(("HSET", "unacked.gpu", "a", "b"), ("PUBLISH", "/0.celery-gpu.pidbox", "{}")),
        ("GET", "s3:rate:a"),
    ],
    "EVENTS_BROKER_URL": [
        *(("PUBLISH", CHANNEL, "a"), ("LPUSH", "gpu", "{}"), ("LLEN", "gpu")),
        *(("PSUBSCRIBE", "*"), ("SUBSCRIBE", "/0.celery-gpu.pidbox"), ("GET", "s3:rate:a")),
        ("INFO",),
    ],
    "RATE_LIMIT_URL": [
        *(("LPUSH", "gpu", "{}"), ("LLEN", "gpu"), ("BRPOP", "gpu", "1"), ("DEL", "s3:rate:a")),
        *(("PUBLISH", CHANNEL, "a"), ("SUBSCRIBE", CHANNEL), ("INFO",)),
        ("EVAL", "return redis.call('LPUSH', 'gpu', 'a')", "0"),
    ],
}


@pytest.fixture(params=BROKER_VARIABLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def as_role(engines: EmbeddedStack, role: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(engines.environment[role]) as client:
        yield client


def test_a_role_is_refused_what_is_not_its_own(as_role: redis.Redis, role: str) -> None:
    assert as_role.ping()
    allowed = [
        command for command in [*DANGEROUS, *REFUSED[role]] if not is_refused(as_role, command)
    ]
    assert allowed == []


def test_the_administrator_is_not_so_that_the_refusals_mean_something(
    engines: EmbeddedStack,
) -> None:
    with redis.Redis.from_url(engines.environment["CELERY_BROKER_URL"]) as admin:
        for command in [command for commands in REFUSED.values() for command in commands]:
            assert command[0] in WAITING or not is_refused(admin, command), command
        admin.delete("s3:rate:a", "gpu", "maintenance", f"maintenance{SEPARATOR}3")
        admin.delete("unacked", "unacked.gpu", "unacked.maintenance", "unacked_index.maintenance")
        admin.srem("_kombu.binding.maintenance", "a")


def is_refused(client: redis.Redis, command: tuple[str, ...]) -> bool:
    try:
        client.execute_command(*command)  # type: ignore[no-untyped-call]  # it ships no types
    except NoPermissionError:
        return True
    except ResponseError as error:
        # Said by a script of what it may not call.
        return "NOPERM" in str(error) or "permission" in str(error)
    return False


def test_nobody_comes_in_without_a_name(engines: EmbeddedStack) -> None:
    url = engines.environment["WEB_BROKER_URL"]
    password = url.partition("//web:")[2].partition("@")[0]
    for other in (f"//default:{password}@", f"//worker:{password}@", f"//:{password}@", "//"):
        with (
            redis.Redis.from_url(url.replace(f"//web:{password}@", other)) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()


def test_each_process_is_told_its_own_role_only(engines: EmbeddedStack) -> None:
    stack = engines.environment
    told = {
        "WEB_BROKER_URL": processes.server_environment(stack),
        "MAINTENANCE_BROKER_URL": processes.maintenance_environment(stack),
        "WORKER_BROKER_URL": processes.gpu_worker_environment(stack),
        "EVENTS_BROKER_URL": processes.events_environment(stack),
    }
    for name, environment in told.items():
        assert environment["CELERY_BROKER_URL"] == stack[name]
        others = {stack[other] for other in (*told, "CELERY_BROKER_URL") if other != name}
        assert others.isdisjoint(environment.values()), name
    assert "RATE_LIMIT_URL" not in told["WORKER_BROKER_URL"]


def test_hints_are_published_by_who_changes_jobs_and_heard_by_who_streams_them(
    engines: EmbeddedStack,
) -> None:
    with (
        redis.Redis.from_url(engines.environment["EVENTS_BROKER_URL"]) as listener,
        listener.pubsub(ignore_subscribe_messages=True) as heard,
    ):
        heard.subscribe(CHANNEL)
        assert heard.get_message(timeout=5) is None  # that it is subscribed
        for name in ("WEB_BROKER_URL", "MAINTENANCE_BROKER_URL"):
            with redis.Redis.from_url(engines.environment[name]) as speaker:
                assert speaker.publish(CHANNEL, name) == 1
            message = heard.get_message(timeout=5)
            assert message
            assert message["data"] == name.encode()


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_fails_over_ends_no_worker(live_stack: LiveStack) -> None:
    live_stack.start_maintenance(SWEEP_SEC="1")
    live_stack.start_worker()
    swept = sweeps(live_stack)
    wait_until(lambda: sweeps(live_stack) > swept, seconds=60)

    with redis.Redis.from_url(live_stack.environment["CELERY_BROKER_URL"]) as admin:
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            time.sleep(5)
        finally:
            admin.execute_command("REPLICAOF", "NO", "ONE")
    swept = sweeps(live_stack)

    wait_until(lambda: sweeps(live_stack) > swept + 1, seconds=60)
    assert live_stack.dead() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(180)
def test_a_broker_that_is_replaced_by_an_empty_one_ends_no_worker(
    live_stack: LiveStack, engines: EmbeddedStack
) -> None:
    live_stack.start_web(workers=1)
    live_stack.start_maintenance(SWEEP_SEC="1")
    live_stack.start_worker(concurrency=1)
    wait_until(lambda: sweeps(live_stack) > 0, seconds=60)

    engines.stop_engine("broker")
    try:
        time.sleep(5)
    finally:
        engines.start_engine("broker")
    swept = sweeps(live_stack)

    wait_until(lambda: sweeps(live_stack) > swept + 1, seconds=60)
    client, job_id = start_set(live_stack.base_url, [KITCHEN])
    assert wait_for(client, job_id, is_finished)["status"] == "done"
    assert live_stack.dead() is None


def sweeps(stack: LiveStack) -> int:
    return stack.log("maintenance").count("jobs.dispatch_due_items")
