"""The database of tests: quick, but never so quick that it loses what a client was told of."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from s3project.embedded.postgres import DISPOSABLE, Postgres
from s3project.embedded.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    own = Supervisor(tmp_path)
    yield own
    own.close(gently=False)


@pytest.fixture(autouse=True)
def _late_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not waited for would otherwise reach the kernel within 200 ms, perhaps in time. From
    the start: a server that is told later does so when it comes to it."""
    monkeypatch.setitem(DISPOSABLE, "wal_writer_delay", "10s")


def started(postgres: Postgres, supervisor: Supervisor) -> Postgres:
    postgres.launch(supervisor)
    postgres.wait_until_ready()
    return postgres


def of_tests(folder: Path) -> Postgres:
    return Postgres(
        folder, owner_password="secret", password="another", events_password="third", durable=False
    )


def write_and_kill(postgres: Postgres, supervisor: Supervisor, setting: str = "") -> None:
    """The server is killed as soon as the last commit is acknowledged."""
    with psycopg.connect(postgres.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE told (id int)")
        connection.execute("CHECKPOINT")
        if setting:
            connection.execute(f"SET {setting}")
        for number in range(10):
            connection.execute("INSERT INTO told VALUES (%s)", [number])
        supervisor.kill(postgres.name)


def count(postgres: Postgres) -> int:
    with psycopg.connect(postgres.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM told").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("setting", "kept"), [("", True), ("synchronous_commit = off", False)])
def test_what_was_committed_outlives_a_killed_server(
    tmp_path: Path, supervisor: Supervisor, setting: str, kept: bool
) -> None:
    postgres = started(of_tests(tmp_path), supervisor)
    write_and_kill(postgres, supervisor, setting)
    started(postgres, supervisor)
    assert (count(postgres) == 10) == kept


def test_it_begins_empty_whatever_ran_in_its_folder_before(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    before = started(of_tests(tmp_path), supervisor)
    write_and_kill(before, supervisor)
    after = started(of_tests(tmp_path), supervisor)
    with pytest.raises(psycopg.errors.UndefinedTable):
        count(after)


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder of a path that leaves room, wherever the tests keep theirs."""
    with tempfile.TemporaryDirectory(prefix="s3-", dir="/tmp") as path:
        yield Path(path)


@pytest.mark.parametrize(
    ("name", "address"), [("a", "unix"), ("a" * 100, "tcp"), ('a "folder", ours', "tcp")]
)
def test_its_urls_lead_through_a_socket_where_the_path_allows_it(
    short: Path, supervisor: Supervisor, name: str, address: str
) -> None:
    (short / name).mkdir()
    postgres = started(of_tests(short / name), supervisor)
    for url in (postgres.owner_url, postgres.url, postgres.events_url):
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT inet_server_addr() IS NULL").fetchone()
        assert found == (address == "unix",)


def test_its_socket_is_for_its_user_alone_and_asks_for_the_password(
    short: Path, supervisor: Supervisor
) -> None:
    postgres = started(of_tests(short), supervisor)
    (socket,) = [path for path in short.iterdir() if path.is_socket()]
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.owner_url.replace("secret", "guessed"))
