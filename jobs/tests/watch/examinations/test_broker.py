"""The broker: what it keeps, whom it lets in, and what this process may do there."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pytest_django import Settings

from jobs.tests.watch.examinations.told import findings, of
from jobs.watch.examinations.broker import judge_policy
from s3project.embedded.stack import EmbeddedStack


@pytest.fixture
def admin(engines: EmbeddedStack) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(engines.environment["CELERY_BROKER_URL"]) as client:
        yield client


@pytest.fixture
def as_web(engines: EmbeddedStack, settings: Settings) -> Settings:
    settings.CELERY_BROKER_URL = engines.environment["WEB_BROKER_URL"]
    settings.RATE_LIMIT_URL = engines.environment["RATE_LIMIT_URL"]
    return settings


def test_webs_role_sees_what_waits_and_how_the_broker_is(as_web: Settings) -> None:
    first, *others = findings("broker")

    assert first[0] == "ok"
    assert first[1].startswith("answers; waiting: gpu ")
    # The tests' broker writes nothing down.
    assert others == [("warning", "a restart forgets what waits")]


def test_nothing_of_what_is_asked_for_is_done(as_web: Settings, admin: redis.Redis) -> None:
    lengths = [admin.llen(name) for name in ("gpu", "packages", "maintenance")]

    of("broker")

    assert [admin.llen(name) for name in ("gpu", "packages", "maintenance")] == lengths


def test_a_broker_that_throws_messages_away_is_an_error(
    as_web: Settings, admin: redis.Redis
) -> None:
    admin.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = findings("broker")
    finally:
        admin.config_set("maxmemory-policy", "noeviction")

    assert ("error", "maxmemory-policy allkeys-lru") in found


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"aof_enabled": 1, "role": "master"}, [("ok", "noeviction, and an append-only file")]),
        ({"aof_enabled": 0}, [("warning", "a restart forgets what waits")]),
        (
            {"aof_enabled": 1, "aof_last_write_status": "err"},
            [("error", "it could not write its append-only file")],
        ),
        (
            {"aof_enabled": 1, "role": "slave", "used_memory": 900, "maxmemory": 1000},
            [
                ("error", "it is a replica"),
                ("warning", "900 B of 1000 B of its memory are used"),
                ("ok", "noeviction, and an append-only file"),
            ],
        ),
    ],
)
def test_what_it_says_of_itself_is_judged(
    facts: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    assert [(one.state.value, one.finding) for one in judge_policy(facts)] == said


def test_the_administrator_is_warned_of(admin: redis.Redis) -> None:
    assert ("warning", "this role may change the whole server") in findings("broker")


def test_a_role_of_another_process_is_an_error(engines: EmbeddedStack, settings: Settings) -> None:
    settings.CELERY_BROKER_URL = engines.environment["WORKER_BROKER_URL"]

    assert findings("broker")[:3] == [
        ("error", "this role may not see what waits"),
        ("unknown", "its policy and persistence could not be looked at: this role may not"),
        ("error", "this role may not LPUSH maintenance and PUBLISH s3:jobs:changed"),
    ]


def test_a_broker_that_asks_for_no_password_is_warned_of(
    as_web: Settings, admin: redis.Redis
) -> None:
    said = "it asks for no password"
    admin.acl_setuser("default", enabled=True, nopass=True, commands=["+ping"])
    try:
        assert ("warning", said) in findings("broker")
        as_web.PRODUCTION = True
        assert ("error", said) in findings("broker")
    finally:
        admin.acl_setuser("default", enabled=False, reset=True)


def test_limits_that_do_not_hold_are_an_error(engines: EmbeddedStack, as_web: Settings) -> None:
    as_web.RATE_LIMIT_URL = engines.environment["WORKER_BROKER_URL"]

    assert ("error", "requests cannot be counted") in findings("broker")


def test_an_events_process_that_is_not_there_is_said() -> None:
    assert findings("events") == [("warning", "no process listens for hints")]
