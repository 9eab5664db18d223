"""The processes that use the engines: how each is started, and what each may know.

docker-compose.yml starts the same commands; a test compares them.
"""

import os
import signal
import sys
from collections.abc import Mapping
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
WORKER_MUST_NOT_KNOW = ("DATABASE_URL", "JWT_SECRET", "DJANGO_SECRET_KEY", "METRICS_TOKEN")
LOCAL = f"{HOST},localhost"


def manage_argv(*arguments: str) -> list[str]:
    """`manage.py` with this interpreter."""
    return [sys.executable, "manage.py", *arguments]


def web_argv(port: str, *, host: str = HOST, workers: str = "2") -> list[str]:
    """The HTTP API."""
    return [
        *(sys.executable, "-m", "granian"),
        *("--interface", "wsgi"),
        *("--host", host),
        *("--port", port),
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


def gpu_worker_argv(*, concurrency: int = 2, name: str = "gpu") -> list[str]:
    """A worker that edits photos."""
    return [
        *(sys.executable, "-m", "celery", "-A", "s3project", "worker"),
        *("-Q", "gpu", "-c", str(concurrency), "-n", f"{name}@%h"),
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
    """For web, maintenance and manage.py: all variables of the stack."""
    return {**_inherited(), **stack}


def gpu_worker_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """For a GPU worker: what it may know, also where this process was told more."""
    inherited = _inherited()
    for name in WORKER_MUST_NOT_KNOW:
        inherited.pop(name, None)
    known = {name: stack[name] for name in WORKER_KNOWS}
    return {**inherited, **ONE_THREAD, **known, "GPU_WORKER": "1"}


def _inherited() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        # Everything is on this machine: never through a proxy.
        "NO_PROXY": LOCAL,
        "no_proxy": LOCAL,
        # The variables given are all there are: no second stack is looked for.
        "S3_STACK": "off",
    }
