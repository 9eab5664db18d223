"""The broker: whether it keeps messages, and whether this process may do there what it must, and
no more."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from jobs.delivery.hints import CHANNEL
from jobs.delivery.publish import GPU_QUEUE, MAINTENANCE_QUEUE, PACKAGES_QUEUE
from jobs.watch.examinations.diagnosis import TIMEOUT, Diagnosis, State
from jobs.watch.metrics import queue_lengths
from s3project import ids
from s3project.admin.sizes import size
from s3project.api.rate_limiter import RateLimiter
from s3project.wording import listed

PART = "broker"
MOST_MEMORY = 0.8  # of its maxmemory
ROLES = "see Roles in docs/operations.md"
# What whoever sends work does. Asked in a transaction that is thrown away.
NEEDED = (
    *(("LPUSH", queue, "") for queue in (GPU_QUEUE, PACKAGES_QUEUE, MAINTENANCE_QUEUE)),
    ("SADD", f"_kombu.binding.{GPU_QUEUE}", ""),
    ("PUBLISH", CHANNEL, ""),
)


def examine_broker() -> Iterator[Diagnosis]:
    with _connected(settings.CELERY_BROKER_URL) as broker:
        try:
            lengths = queue_lengths(broker)
        except NoPermissionError:
            yield Diagnosis(PART, State.ERROR, "this role may not see what waits", ROLES)
        else:
            waiting = ", ".join(f"{name} {length}" for name, length in lengths.items())
            yield Diagnosis(PART, State.OK, f"answers; waiting: {waiting}")
        yield from _policy(broker)
        yield from _rights(broker)
    yield from _open_door()
    yield from _limits()


def _connected(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
    )


def _policy(broker: redis.Redis) -> Iterator[Diagnosis]:
    facts: dict[str, Any] = {}
    try:
        for section in ("memory", "persistence", "replication"):
            facts |= broker.info(section)
    except NoPermissionError:
        hint = "give this role +info (docker-compose.yml: start valkey anew), or ask as admin"
        found = "its policy and persistence could not be looked at: this role may not"
        yield Diagnosis(PART, State.UNKNOWN, found, hint)
        return
    yield from judge_policy(facts)


def judge_policy(facts: dict[str, Any]) -> Iterator[Diagnosis]:
    """`facts` are what INFO says of memory, persistence and replication."""
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        hint = "set maxmemory-policy noeviction: else messages are thrown away"
        yield Diagnosis(PART, State.ERROR, f"maxmemory-policy {policy}", hint)
    if facts.get("role") == "slave":
        yield Diagnosis(PART, State.ERROR, "it is a replica", "point at the primary")
    used, most = int(facts.get("used_memory", 0)), int(facts.get("maxmemory", 0))
    if most and used > MOST_MEMORY * most:
        hint = "when it is full nothing is sent: raise maxmemory, and see what waits"
        found = f"{size(used)} of {size(most)} of its memory are used"
        yield Diagnosis(PART, State.WARNING, found, hint)
    if not facts.get("aof_enabled"):
        hint = "set appendonly yes; without it what waits is sent again when its lease ends"
        yield Diagnosis(PART, State.WARNING, "a restart forgets what waits", hint)
    elif facts.get("aof_last_write_status") not in (None, "ok"):
        hint = "see its log, and its disk"
        yield Diagnosis(PART, State.ERROR, "it could not write its append-only file", hint)
    elif policy == "noeviction":
        yield Diagnosis(PART, State.OK, "noeviction, and an append-only file")


def _rights(broker: redis.Redis) -> Iterator[Diagnosis]:
    if refused := _refused(broker):
        hint = f"{ROLES}; its ACL is older than this version, or this is another process's role"
        found = f"this role may not {listed(refused, 'and')}"
        yield Diagnosis(PART, State.ERROR, found, hint)
    try:
        broker.config_get("maxmemory-policy")
    except NoPermissionError:
        return
    hint = f"give each process a user of its own: {ROLES}"
    yield Diagnosis(PART, State.WARNING, "this role may change the whole server", hint)


def _refused(broker: redis.Redis) -> list[str]:
    """Of what is needed, what the ACL refuses. Rights are looked at when a command is queued;
    DISCARD then forgets them all, as the end of the connection would."""
    if _said(broker, "MULTI") not in (True, b"OK", "OK"):
        return ["begin a transaction"]
    refused = []
    try:
        for command in NEEDED:
            try:
                _said(broker, *command)
            except NoPermissionError:
                refused.append(f"{command[0]} {command[1]}")
    finally:
        _said(broker, "DISCARD")
    return refused


def _said(broker: redis.Redis, *command: str) -> Any:
    assert broker.connection is not None
    broker.connection.send_command(*command)  # type: ignore[no-untyped-call]  # it ships no types
    return broker.connection.read_response()


def _open_door() -> Iterator[Diagnosis]:
    """Whether it lets in who has no password."""
    parts = urlsplit(settings.CELERY_BROKER_URL)
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    try:
        with _connected(url) as anybody:
            anybody.ping()
    except (AuthenticationError, NoPermissionError):
        return
    state = State.ERROR if settings.PRODUCTION else State.WARNING
    hint = "set a password: whoever reaches it sends and reads messages"
    yield Diagnosis(PART, state, "it asks for no password", hint)


def _limits() -> Iterator[Diagnosis]:
    key = f"s3:rate:doctor:{ids.new_id().hex}"
    if RateLimiter(settings.RATE_LIMIT_URL).count(key, 5) is None:
        hint = "RATE_LIMIT_URL says where, and as whom; until then no limit of the API holds"
        yield Diagnosis(PART, State.ERROR, "requests cannot be counted", hint)


def examine_events() -> Iterator[Diagnosis]:
    # A hint of no job: who hears it is counted by the broker.
    try:
        with _connected(settings.CELERY_BROKER_URL) as broker:
            listening: int = broker.publish(CHANNEL, UUID(int=0).hex)
    except redis.RedisError:
        yield Diagnosis("events", State.ERROR, "hints cannot be published", "see broker")
        return
    if not listening:
        hint = "start it (docs/operations.md, Watchers); until then web answers, as to a poll"
        yield Diagnosis("events", State.WARNING, "no process listens for hints", hint)
    else:
        found = "1 process listens" if listening == 1 else f"{listening} processes listen"
        yield Diagnosis("events", State.OK, f"{found} for hints")
