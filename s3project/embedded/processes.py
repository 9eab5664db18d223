"""The processes that use the engines: how each is started, and what each may know.

docker-compose.yml starts the same commands; a test compares them.
"""

import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from s3project.embedded.child import StopPlan
from s3project.embedded.ports import HOST

# A warm shutdown finishes the running task; a cold one gives it back to the broker.
WORKER_STOP_PLAN: StopPlan = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 3.0))
# Workers here need no events about each other: leases in the database decide.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO")
# All a GPU worker is told about the installation; it has no database and verifies no token.
WORKER_KNOWS = (
    "CELERY_BROKER_URL",
    "STORAGE_S3_ENDPOINT",
    "STORAGE_ACCESS_KEY",
    "STORAGE_SECRET_KEY",
    "STORAGE_BUCKET",
    "GPU_CALLBACK_SECRET",
)
# A process per core is the parallelism; threads of numeric libraries would only compete.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
MIGRATES = "MIGRATION_DATABASE_URL"
# Given to the events process as its DATABASE_URL, and to the migration, which gives it its rights.
WATCHES = "EVENTS_DATABASE_URL"
# The stack's names for what is given to one process only, there as CELERY_BROKER_URL.
BROKER_ROLES = (
    *("WEB_BROKER_URL", "WORKER_BROKER_URL", "MAINTENANCE_BROKER_URL", "EVENTS_BROKER_URL"),
)
OTHER_ROLES = (MIGRATES, WATCHES, *BROKER_ROLES)
WORKER_MUST_NOT_KNOW = (
    *("DATABASE_URL", "JWT_SECRET", "DJANGO_SECRET_KEY", "METRICS_TOKEN", "RATE_LIMIT_URL"),
    *OTHER_ROLES,
)
LOCAL = f"{HOST},localhost"


def manage_argv(*arguments: str) -> list[str]:
    """`manage.py` with this interpreter."""
    return [sys.executable, "manage.py", *arguments]


def at_port(host: str, port: str) -> tuple[str, ...]:
    return "--host", host, "--port", port


def at_socket(path: Path) -> tuple[str, ...]:
    """A unix socket that only this user can open."""
    return "--uds", str(path), "--uds-permissions", "600"


def web_argv(address: Sequence[str], *, workers: str = "2") -> list[str]:
    """The HTTP API, listening at an `address` made by `at_port` or `at_socket`."""
    return [
        *(sys.executable, "-m", "granian"),
        *("--interface", "wsgi"),
        *address,
        *("--workers", workers),
        # Each thread keeps a database connection; more of them only queue inside PostgreSQL.
        *("--blocking-threads", "4"),
        *("--backlog", "1024"),
        *("--http", "1"),
        "--no-ws",
        "--no-access-log",
        "--respawn-failed-workers",
        *("--workers-kill-timeout", "5"),
        "s3project.wsgi:application",
    ]


def events_argv(address: Sequence[str]) -> list[str]:
    """The streams of events, listening at an `address` as the API does. One process serves them
    all: it is a loop, and what it counts is in its memory."""
    return [
        *(sys.executable, "-m", "granian"),
        *("--interface", "asgi", "--loop", "asyncio"),
        *address,
        *("--workers", "1"),
        *("--backlog", "4096"),
        # Requests at once, which here are streams; WATCHERS_MAX is what refuses with words.
        *("--backpressure", "20000"),
        *("--http", "1"),
        # What is kept for a reader that does not read, besides our own.
        *("--http1-buffer-size", "65536"),
        "--no-ws",
        "--no-access-log",
        "--respawn-failed-workers",
        # Streams do not end by themselves; whoever is cut off comes again.
        *("--workers-kill-timeout", "1"),
        "s3project.asgi:application",
    ]


def gpu_worker_argv(*, concurrency: int = 2, name: str = "gpu") -> list[str]:
    """A worker that edits photos."""
    return [
        *(sys.executable, "-m", "celery", "-A", "s3project", "worker"),
        *("-Q", "gpu", "-c", str(concurrency), "-n", f"{name}@%h"),
        *QUIET,
    ]


def packer_argv(*, name: str = "packer") -> list[str]:
    """A worker that makes packages, so that no photo waits for one."""
    return [
        *(sys.executable, "-m", "celery", "-A", "s3project", "worker"),
        *("-Q", "packages", "-c", "1", "-n", f"{name}@%h"),
        *QUIET,
    ]


def maintenance_argv(schedule: Path, *, name: str = "maintenance") -> list[str]:
    """The worker of the periodic tasks, with the clock that sends them."""
    return [
        *(sys.executable, "-m", "celery", "-A", "s3project", "worker"),
        *("-Q", "maintenance", "-B", "-s", str(schedule), "-c", "1", "-n", f"{name}@%h"),
        *QUIET,
    ]


def server_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For web and manage.py: the variables of the stack, but for those of other roles."""
    return {**_inherited(), **_without(stack, OTHER_ROLES), **_broker(stack, "WEB_BROKER_URL")}


def maintenance_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For maintenance: the same, with a broker's role of its own; its metrics are at the port after
    that of the GPU worker's, which is on this machine too."""
    environment = server_environment(stack)
    port = environment.get("METRICS_PORT", "")
    beside = {"METRICS_PORT": str(int(port) + 1)} if port.isdecimal() and int(port) else {}
    return {**environment, **_broker(stack, "MAINTENANCE_BROKER_URL"), **beside}


def events_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For the streams of events: they hear of jobs and read them, and publish nothing."""
    database = {"DATABASE_URL": stack.get(WATCHES) or stack["DATABASE_URL"]}
    return {**server_environment(stack), **_broker(stack, "EVENTS_BROKER_URL"), **database}


def migration_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For `manage.py migrate`: it alone knows the owner of the tables, and all other roles."""
    roles = {name: stack[name] for name in (MIGRATES, WATCHES) if name in stack}
    return {**server_environment(stack), **roles}


def gpu_worker_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For a GPU worker: what it may know, also where this process was told more."""
    inherited = _without(_inherited(), WORKER_MUST_NOT_KNOW)
    known = {name: stack[name] for name in WORKER_KNOWS} | _broker(stack, "WORKER_BROKER_URL")
    return {**inherited, **ONE_THREAD, **known, "GPU_WORKER": "1"}


def _broker(stack: Mapping[str, str], role: str) -> dict[str, str]:
    """The broker as this role; as whoever the stack names where it was given from outside."""
    return {"CELERY_BROKER_URL": stack.get(role) or stack["CELERY_BROKER_URL"]}


def _without(variables: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    left_out = frozenset(names)
    return {name: value for name, value in variables.items() if name not in left_out}


def _inherited() -> dict[str, str]:
    return {
        **_without(os.environ, OTHER_ROLES),
        "PYTHONUNBUFFERED": "1",
        # Everything is on this machine: never through a proxy.
        "NO_PROXY": LOCAL,
        "no_proxy": LOCAL,
        # The variables given are all there are: no second stack is looked for.
        "S3_STACK": "off",
    }
