"""The one-machine stack: the three engines and the processes that use them."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from s3project.embedded.broker import Broker
from s3project.embedded.child import GENTLE, Child, StopPlan
from s3project.embedded.credentials import load_credentials
from s3project.embedded.errors import StackError
from s3project.embedded.folder import PATIENCE_SECONDS, StackFolder
from s3project.embedded.front import Sockets
from s3project.embedded.ports import HOST, free_port, is_free
from s3project.embedded.postgres import Postgres
from s3project.embedded.state import PublishedState
from s3project.embedded.storage import Storage
from s3project.embedded.supervisor import Supervisor
from s3project.provision.broker_roles import (
    ADMIN,
    EVENTS,
    LIMITER,
    MAINTENANCE,
    PASSWORDS,
    WEB,
    WORKER,
)

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_WEB_PORT = 8000
BUCKET = "s3-images"
SECRETS = (
    "STORAGE_ACCESS_KEY",
    "STORAGE_SECRET_KEY",
    "JWT_SECRET",
    "GPU_CALLBACK_SECRET",
    "DJANGO_SECRET_KEY",
)


# Receivers of webhooks are tried out beside it.
WEBHOOKS = {"WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8,::1/128", "WEBHOOK_ALLOW_HTTP": "1"}
BROKER_VARIABLES = {
    "WEB_BROKER_URL": WEB,
    "WORKER_BROKER_URL": WORKER,
    "MAINTENANCE_BROKER_URL": MAINTENANCE,
    "EVENTS_BROKER_URL": EVENTS,
    "RATE_LIMIT_URL": LIMITER,
}


class Engine(Protocol):
    """What the stack needs of PostgreSQL, Valkey and SeaweedFS. `name` is its process's."""

    name: str

    def launch(self, supervisor: Supervisor) -> None: ...

    def wait_until_ready(self) -> None: ...

    def clear_up(self) -> None: ...


class EmbeddedStack:
    """Engines under `root` while the `with` block lasts, and processes started beside them.

    An engine whose address is in `variables` (the environment, unless given) is not started and
    that address is used. `durable=False` is for tests: it begins empty, whatever ran in
    `root` before, and nothing waits for the disk. Its storage has `spare_buckets` too. `patience`
    is how long another stack in `root`, which may be ending, is waited for before StackRunning is
    raised.
    """

    def __init__(
        self,
        root: Path,
        *,
        variables: Mapping[str, str] | None = None,
        durable: bool = True,
        spare_buckets: Sequence[str] = (),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._root = root
        self._patience = patience
        self._variables = os.environ if variables is None else variables
        self._durable = durable
        self._spare_buckets = spare_buckets
        self.environment: dict[str, str] = {}
        self.notes: list[str] = []
        self._published: PublishedState | None = None
        self._engines: list[Engine] = []

    def __enter__(self) -> Self:
        self._folder = StackFolder(self._root, patience=self._patience)
        try:
            self.logs = self._folder.subfolder("logs")
            self.sockets = Sockets(self._folder.path)
            self._supervisor = Supervisor(self.logs, held=[self._folder.lock])
            try:
                self._start_engines()
            except BaseException:
                self._stop()
                raise
        except BaseException:
            self._folder.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._published is not None:
                self._published.withdraw()
            self._stop()
        finally:
            self._folder.release()

    @property
    def folder(self) -> Path:
        """Where everything of this stack lies."""
        return self._folder.path

    @property
    def pids(self) -> dict[str, int]:
        return self._supervisor.pids

    @property
    def guardian_pid(self) -> int:
        return self._supervisor.guardian_pid

    @property
    def operator_password(self) -> str:
        return self._credentials["OPERATOR_PASSWORD"]

    def start_process(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        cwd: Path = PROJECT,
        stop_plan: StopPlan = GENTLE,
    ) -> Child:
        """Starts a process in `cwd` with exactly `env`; it logs to `logs/NAME.log`."""
        return self._supervisor.start(name, argv, env=env, cwd=cwd, stop_plan=stop_plan)

    def stop_engine(self, name: str) -> None:
        """Stops "postgres", "broker" or "storage" as its host's shutdown would."""
        self._supervisor.stop(name)

    def start_engine(self, name: str) -> None:
        """Starts an engine that was stopped, at the same address; returns when it answers."""
        engine = next(engine for engine in self._engines if engine.name == name)
        engine.launch(self._supervisor)
        engine.wait_until_ready()

    def signal_engine(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to an engine's processes, SIGSTOP for one that hangs."""
        os.killpg(self._supervisor.pids[name], number)

    def accept_storage_keys(self, *keys: tuple[str, str]) -> None:
        """From soon on the storage opens to exactly these pairs of access and secret key."""
        self._own_storage().accept_keys(keys)

    def storage_admin(self) -> Any:
        """An S3 client that may make buckets, as no process of the service may."""
        return self._own_storage().admin_client

    def run_process(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str]) -> str:
        """Runs a program to its end and returns its output; raises StackError when it fails."""
        return self._supervisor.run(name, argv, env=env, cwd=PROJECT)

    def stop_process(self, name: str) -> None:
        self._supervisor.stop(name)

    def dead(self) -> Child | None:
        """A process that ended without being asked to, if there is one."""
        return self._supervisor.dead()

    def announce(self) -> None:
        """From now on every command in this checkout finds the stack: see `state.py`."""
        self._published = PublishedState(self._folder.path, self.environment)

    def _start_engines(self) -> None:
        self._credentials = load_credentials(self._folder.path)
        for name in SECRETS:
            self.environment[name] = self._given(name) or self._credentials[name]
        for name, value in WEBHOOKS.items():
            self.environment[name] = self._given(name) or value
        self.environment["STORAGE_BUCKET"] = self._given("STORAGE_BUCKET") or BUCKET
        self._choose_web_address()
        # Side by side: the storage takes longest and goes first, the database's files are
        # created meanwhile, and only then is anything waited for.
        self._engines = [*self._storage(), *self._broker(), *self._postgres()]
        for engine in self._engines:
            engine.launch(self._supervisor)
        for engine in reversed(self._engines):
            engine.wait_until_ready()

    def _stop(self) -> None:
        self._supervisor.close()
        for engine in self._engines:
            engine.clear_up()
        self.sockets.clear_up()

    def _storage(self) -> list[Engine]:
        given = self._given("STORAGE_S3_ENDPOINT")
        if given:
            if not (self._given("STORAGE_ACCESS_KEY") and self._given("STORAGE_SECRET_KEY")):
                raise StackError(
                    "With STORAGE_S3_ENDPOINT, set STORAGE_ACCESS_KEY and STORAGE_SECRET_KEY too."
                )
            self.environment["STORAGE_S3_ENDPOINT"] = given
            return []
        storage = Storage(
            self._folder.subfolder("storage"),
            admin=(
                self._credentials["STORAGE_ADMIN_ACCESS_KEY"],
                self._credentials["STORAGE_ADMIN_SECRET_KEY"],
            ),
            keys=(self.environment["STORAGE_ACCESS_KEY"], self.environment["STORAGE_SECRET_KEY"]),
            buckets=[self.environment["STORAGE_BUCKET"], *self._spare_buckets],
            durable=self._durable,
        )
        self.environment["STORAGE_S3_ENDPOINT"] = storage.endpoint
        return [storage]

    def _own_storage(self) -> Storage:
        return next(engine for engine in self._engines if isinstance(engine, Storage))

    def _broker(self) -> list[Engine]:
        given = self._given("CELERY_BROKER_URL")
        if given:
            self.environment["CELERY_BROKER_URL"] = given
            return []
        broker = Broker(
            self._folder.subfolder("broker"),
            passwords={role: self._credentials[name] for role, name in PASSWORDS.items()},
            durable=self._durable,
        )
        # People and tests may look into it; the processes come as what they are (`processes.py`).
        self.environment["CELERY_BROKER_URL"] = broker.url(ADMIN)
        for name, role in BROKER_VARIABLES.items():
            self.environment[name] = broker.url(role)
        return [broker]

    def _postgres(self) -> list[Engine]:
        given = self._given("DATABASE_URL")
        if given:
            self.environment["DATABASE_URL"] = given
            return []
        postgres = Postgres(
            self._folder.subfolder("postgres"),
            owner_password=self._credentials["POSTGRES_PASSWORD"],
            password=self._credentials["POSTGRES_SERVICE_PASSWORD"],
            events_password=self._credentials["POSTGRES_EVENTS_PASSWORD"],
            durable=self._durable,
        )
        self.environment["DATABASE_URL"] = postgres.url
        self.environment["EVENTS_DATABASE_URL"] = postgres.events_url
        self.environment["MIGRATION_DATABASE_URL"] = postgres.owner_url
        return [postgres]

    def _choose_web_address(self) -> None:
        given = self._given("PORT")
        if given:
            if not given.isdecimal() or not is_free(int(given)):
                raise StackError(f"PORT={given} is no free port: choose another one.")
            port = int(given)
        elif is_free(DEFAULT_WEB_PORT):
            port = DEFAULT_WEB_PORT
        else:
            port = free_port()
            self.notes.append(f"Port {DEFAULT_WEB_PORT} is taken; the API is on {port} instead.")
        self.environment["PORT"] = str(port)
        # The front, which alone reaches the web process and says who called.
        self.environment["TRUSTED_PROXIES"] = "1"
        self.environment["PUBLIC_BASE_URL"] = (
            self._given("PUBLIC_BASE_URL") or f"http://{HOST}:{port}"
        )

    def _given(self, name: str) -> str | None:
        return self._variables.get(name) or None
