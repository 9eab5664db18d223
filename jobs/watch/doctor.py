"""What is wrong with this installation, as far as one process can tell: `manage.py doctor`.

Each examination asks one thing of one part and says what to do about it. Nothing is changed but an
object of a few bytes, which is put into the bucket and deleted again.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import redis
import requests
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone

from jobs.backends import Backend
from jobs.delivery.hints import HintSender
from jobs.lifecycle.orders import configured_backend
from jobs.lifecycle.worker_backends import described
from jobs.models import AuditRun, JobItem, WorkerHost
from jobs.states import IN_WORK
from jobs.storage.bucket import StorageUnavailable, photo_storage, presign_uploads
from jobs.watch.metrics import queue_lengths
from s3project import __version__, ids
from s3project.production import weak_secrets
from s3project.wording import counted

TIMEOUT = 5  # seconds for one answer of another part
OLDEST_POSTGRES = 140000
MOST_SKEW = timedelta(seconds=30)  # S3 itself allows 15 minutes
QUIET = timedelta(minutes=15)  # after this a worker may be gone
OVERDUE = timedelta(minutes=2)  # the sweep comes every few seconds
LEAST_FREE = 2 * 1024**3  # bytes
SECRETS = (
    *("SECRET_KEY", "JWT_SECRETS", "GPU_CALLBACK_SECRETS", "MESSAGE_KEYS"),
    *("WORKER_TOKEN_KEYS", "METRICS_TOKENS"),
)


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Diagnosis:
    """`hint` is what to do; empty where nothing is."""

    part: str
    state: State
    finding: str
    hint: str = ""


Examination = Callable[[], Iterator[Diagnosis]]


def examine() -> Iterator[Diagnosis]:
    """All examinations, one after the other; a part that is away costs its own lines only."""
    for part, examination in EXAMINATIONS.items():
        try:
            yield from examination()
        except AWAY as error:
            hint = f"{PLACES[part]} says where it is; is it running, and reachable from here?"
            yield Diagnosis(part, State.ERROR, f"no answer ({type(error).__name__})", hint)


AWAY = (
    DatabaseError, redis.RedisError, BotoCoreError, ClientError, StorageUnavailable,
    requests.RequestException, OSError,
)  # fmt: skip


def _settings() -> Iterator[Diagnosis]:
    kind = "production" if settings.PRODUCTION else "development"
    yield Diagnosis("settings", State.OK, f"version {__version__}, {kind}")
    for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION):
        if message.is_silenced():
            continue
        state = State.ERROR if message.is_serious() else State.WARNING
        yield Diagnosis("settings", state, f"{message.id}: {message.msg}", message.hint or "")
    if not settings.PRODUCTION:
        return
    # A short one does not let production start; one with a pattern may come from before that.
    given = {name: list(_values(getattr(settings, name))) for name in SECRETS}
    for line in weak_secrets(given, at_least=32):
        yield Diagnosis("settings", State.ERROR, line)


def _values(secret: Any) -> Iterator[str]:
    yield from [secret] if isinstance(secret, str) else secret


def _database() -> Iterator[Diagnosis]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_user, clock_timestamp(),"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
            " EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public'"
            "          AND tableowner = current_user)"
        )
        version, role, now, is_super, is_owner = cursor.fetchone()
    found = f"PostgreSQL {version // 10000}.{version % 10000} as {role}"
    if version < OLDEST_POSTGRES:
        yield Diagnosis("database", State.ERROR, found, "version 14 or newer is needed")
    else:
        yield Diagnosis("database", State.OK, found)
    if is_super or is_owner:
        what = "is a superuser" if is_super else "owns the tables"
        hint = "it could switch the ledger's trigger off: see Roles in docs/operations.md"
        yield Diagnosis("database", State.WARNING, f"{role} {what}", hint)
    yield from _skew("database", now)


def _migrations() -> Iterator[Diagnosis]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:5])
        missing = f"{counted(len(plan), 'migration')} not applied: {names}"
        yield Diagnosis("migrations", State.ERROR, missing, "manage.py migrate")
    else:
        yield Diagnosis("migrations", State.OK, "all applied")


def _broker() -> Iterator[Diagnosis]:
    with redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
    ) as broker:
        waiting = ", ".join(f"{name} {length}" for name, length in queue_lengths(broker).items())
        yield Diagnosis("broker", State.OK, f"answers; waiting: {waiting}")
        try:
            facts = {**broker.info("server"), **broker.info("memory"), **broker.info("replication")}
        except redis.exceptions.NoPermissionError:
            # That is how it should be: the role of web may not look at the server.
            return
    policy = facts.get("maxmemory_policy")
    if policy not in (None, "noeviction"):
        hint = "set maxmemory-policy noeviction: else messages are thrown away"
        yield Diagnosis("broker", State.ERROR, f"maxmemory-policy {policy}", hint)
    if facts.get("role") == "slave":
        yield Diagnosis("broker", State.ERROR, "it is a replica", "point at the primary")
    hint = "give each process a user of its own: see Roles in docs/operations.md"
    yield Diagnosis("broker", State.WARNING, "this role may look at the whole server", hint)


def _storage() -> Iterator[Diagnosis]:
    storage = photo_storage()
    key = f"doctor/{ids.new_id().hex}"
    [url] = presign_uploads([(key, None)])
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.put(url, data=b"doctor", timeout=TIMEOUT)
            found = f"a presigned PUT to {settings.STORAGE_PUBLIC_ENDPOINT}: {answer.status_code}"
            if answer.ok:
                yield Diagnosis("storage", State.OK, found)
            else:
                hint = "keys, clock, and STORAGE_PUBLIC_ENDPOINT as clients reach it"
                yield Diagnosis("storage", State.ERROR, found, hint)
            stored = storage.client.get_object(Bucket=storage.bucket_name, Key=key)["Body"].read()
            if stored != b"doctor":
                hint = "STORAGE_PUBLIC_ENDPOINT and STORAGE_S3_ENDPOINT must lead to one bucket"
                yield Diagnosis("storage", State.ERROR, "what was put is not there", hint)
        finally:
            storage.delete_keys([key])
        preflight = session.options(
            url,
            headers={"Origin": "https://example.org", "Access-Control-Request-Method": "PUT"},
            timeout=TIMEOUT,
        )
    if "access-control-allow-origin" not in preflight.headers:
        hint = "python -m s3project.bucket sets the rule"
        yield Diagnosis("storage", State.WARNING, "browsers may not upload (no CORS rule)", hint)
    if "date" in answer.headers:
        yield from _skew("storage", parsedate_to_datetime(answer.headers["date"]))


def _web() -> Iterator[Diagnosis]:
    for name in ("PUBLIC_BASE_URL", "CALLBACK_BASE_URL"):
        address = getattr(settings, name)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{address}/health", timeout=TIMEOUT)
        try:
            version = answer.json()["data"]["version"]
        except (ValueError, KeyError, TypeError):
            hint = f"{name} must lead to web"
            found = f"{address}/health: {answer.status_code}, not ours"
            yield Diagnosis("web", State.ERROR, found, hint)
            continue
        state = State.OK if version == __version__ else State.WARNING
        hint = "" if state == State.OK else f"this is {__version__}: restart what is older"
        yield Diagnosis("web", state, f"{name} answers, version {version}", hint)


def _events() -> Iterator[Diagnosis]:
    # A hint of no job: who hears it is counted by the broker.
    listening = HintSender(settings.CELERY_BROKER_URL).send(UUID(int=0))
    if listening is None:
        yield Diagnosis("events", State.ERROR, "hints cannot be published", "see broker")
    elif not listening:
        hint = "start it (docs/operations.md, Watchers); until then web answers, as to a poll"
        yield Diagnosis("events", State.WARNING, "no process listens for hints", hint)
    else:
        found = "1 process listens" if listening == 1 else f"{listening} processes listen"
        yield Diagnosis("events", State.OK, f"{found} for hints")


def _workers() -> Iterator[Diagnosis]:
    configured = configured_backend()
    hosts = list(WorkerHost.objects.filter(seen_at__gt=Now() - timedelta(days=1)))
    for host in hosts:
        concepts = None if host.concepts is None else frozenset(host.concepts)
        running = Backend(host.backend, concepts)
        ago = _ago(host.seen_at)
        if running == configured:
            yield Diagnosis("workers", State.OK, f"{host} runs {host.backend}, claimed {ago}")
        else:
            hint = "set ENGINE_SEGMENTER and ENGINE_CONCEPTS alike for web and GPU workers"
            found = f"{host} runs {described(running)}, clients are told of {described(configured)}"
            yield Diagnosis("workers", State.WARNING, found, hint)
    if any(timezone.now() - host.seen_at < QUIET for host in hosts):
        return
    waiting = JobItem.objects.filter(job__status__in=IN_WORK).at_work().count()
    if waiting:
        hint = "start GPU workers, and see their log"
        found = f"nobody claims, and {counted(waiting, 'photo')} waiting"
        yield Diagnosis("workers", State.ERROR, found, hint)
    elif not hosts:
        yield Diagnosis("workers", State.WARNING, "none has claimed a photo for a day")


def _maintenance() -> Iterator[Diagnosis]:
    overdue = JobItem.objects.filter(
        job__status__in=IN_WORK,
        job__queued_at__lt=Now() - OVERDUE,
        lease_expires_at__lt=Now() - OVERDUE,
    ).due()
    hint = "maintenance (the worker with beat) is not running, or the broker is away"
    if count := overdue.count():
        found = f"{counted(count, 'photo')} due for more than {OVERDUE.seconds // 60} minutes"
        yield Diagnosis("maintenance", State.ERROR, found, hint)
    else:
        yield Diagnosis("maintenance", State.OK, "nothing is overdue")
    last = AuditRun.objects.first()
    if settings.AUDIT_EVERY is None:
        yield Diagnosis("maintenance", State.WARNING, "AUDIT_MINUTES is 0: nobody checks the books")
    elif last is None:
        first = "the first comes two minutes after maintenance was started"
        yield Diagnosis("maintenance", State.WARNING, "no audit has run yet", first)
    elif last.violations:
        found = f"the last audit found: {', '.join(last.violations)}"
        yield Diagnosis("maintenance", State.ERROR, found, "manage.py audit")
    elif timezone.now() - last.started_at > 2 * settings.AUDIT_EVERY:
        found = f"the last audit was {_ago(last.started_at)}"
        yield Diagnosis("maintenance", State.ERROR, found, hint)
    else:
        found = f"the last audit, {_ago(last.started_at)}, found everything right"
        yield Diagnosis("maintenance", State.OK, found)


def _disk() -> Iterator[Diagnosis]:
    free = shutil.disk_usage(settings.BASE_DIR).free
    state = State.OK if free >= LEAST_FREE else State.WARNING
    yield Diagnosis("disk", state, f"{free / 1024**3:.1f} GiB free where this runs")


def _skew(part: str, now: datetime) -> Iterator[Diagnosis]:
    skew = abs(datetime.now(UTC) - now)
    if skew > MOST_SKEW:
        found = f"its clock and this one differ by {skew.total_seconds():.0f} s"
        yield Diagnosis(part, State.ERROR, found, "let both keep time (NTP)")


def _ago(moment: datetime) -> str:
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    return f"{counted(minutes, 'minute')} ago" if minutes else "just now"


EXAMINATIONS: dict[str, Examination] = {
    "settings": _settings,
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "storage": _storage,
    "web": _web,
    "events": _events,
    "workers": _workers,
    "maintenance": _maintenance,
    "disk": _disk,
}
# Which setting says where a part is.
PLACES = {
    **dict.fromkeys(EXAMINATIONS, "DATABASE_URL"),
    "broker": "CELERY_BROKER_URL",
    "events": "CELERY_BROKER_URL",
    "storage": "STORAGE_S3_ENDPOINT, STORAGE_PUBLIC_ENDPOINT",
    "web": "PUBLIC_BASE_URL, CALLBACK_BASE_URL",
}
