"""The real engines: started, used, stopped, and ended when their supervisor is killed."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from s3project.bucket import storage_client
from s3project.embedded.errors import StackError, StackRunning
from s3project.embedded.ports import free_port, is_free
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.running_stack import running_stack
from s3project.testing.waiting import wait_until
from s3project.tests.embedded.process_table import group_is_gone, listening_addresses


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose path has spaces and is longer than a unix socket's address may be."""
    path = tmp_path / "a checkout" / ("deep " * 25).strip()
    path.mkdir(parents=True)
    return path


def stack_in(checkout: Path, **variables: str) -> EmbeddedStack:
    return EmbeddedStack(
        checkout / ".local" / "stack",
        variables={"PORT": str(free_port()), **variables},
        patience=0.2,
    )


@contextmanager
def held_stack(checkout: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A stack whose supervisor is another process, which the test may kill."""
    holder = subprocess.Popen(
        [sys.executable, "-m", "s3project.tests.embedded.hold_stack", ".local/stack"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        yield holder, json.loads(holder.stdout.readline())
    finally:
        holder.terminate()
        holder.communicate(timeout=30)


def ports_of(environment: dict[str, str]) -> list[int]:
    names = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_S3_ENDPOINT")
    return [urlsplit(environment[name]).port or 0 for name in names]


def write_everywhere(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["MIGRATION_DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(environment["CELERY_BROKER_URL"]) as broker:
        broker.set("kept", "42")
    s3(environment).put_object(Bucket=environment["STORAGE_BUCKET"], Key="kept", Body=b"42")


def assert_kept_everywhere(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["MIGRATION_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with redis.Redis.from_url(environment["CELERY_BROKER_URL"]) as broker:
        assert broker.get("kept") == b"42"
    kept = s3(environment).get_object(Bucket=environment["STORAGE_BUCKET"], Key="kept")
    assert kept["Body"].read() == b"42"


def s3(environment: dict[str, str]) -> Any:
    return storage_client(
        environment["STORAGE_S3_ENDPOINT"],
        environment["STORAGE_ACCESS_KEY"],
        environment["STORAGE_SECRET_KEY"],
    )


def test_what_was_written_is_there_after_a_restart_and_nothing_runs_in_between(
    checkout: Path,
) -> None:
    with stack_in(checkout) as stack:
        first, pids = stack.environment, stack.pids
        write_everywhere(first)

    assert all(is_free(port) for port in ports_of(first))
    assert all(group_is_gone(pid) for pid in pids.values())

    with stack_in(checkout) as stack:
        second = stack.environment
        assert_kept_everywhere(second)

    assert second["JWT_SECRET"] == first["JWT_SECRET"]


def test_nothing_outlives_a_killed_supervisor_and_nothing_acknowledged_is_lost(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S3_STACK")
    with held_stack(checkout) as (holder, report):
        assert running_stack(checkout) == report["environment"]
        write_everywhere(report["environment"])
        holder.kill()
        holder.wait()

        assert running_stack(checkout) == {}
        wait_until(lambda: all(map(group_is_gone, report["pids"].values())), seconds=10)
        wait_until(lambda: group_is_gone(report["guardian"]), seconds=10)
        assert all(is_free(port) for port in ports_of(report["environment"]))

    with stack_in(checkout) as stack:
        assert_kept_everywhere(stack.environment)


def test_a_stack_can_start_while_the_guardian_of_a_killed_one_still_clears_up(
    checkout: Path,
) -> None:
    with held_stack(checkout) as (holder, _):
        holder.kill()
        holder.wait()
        with EmbeddedStack(checkout / ".local" / "stack", variables={}) as stack:
            assert set(stack.pids) == {"storage", "broker", "postgres"}


def test_a_folder_holds_one_stack_at_a_time(checkout: Path) -> None:
    with held_stack(checkout) as (_, report):
        with pytest.raises(StackRunning, match="already runs"), stack_in(checkout):
            pass
        assert not any(is_free(port) for port in ports_of(report["environment"]))


def test_only_its_owner_finds_an_announced_stack_and_only_until_it_stops(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S3_STACK")
    with stack_in(checkout) as stack:
        assert running_stack(checkout) == {}
        stack.announce()
        assert running_stack(checkout) == stack.environment

        folder = checkout / ".local" / "stack"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in ("state.json", "secrets.json", "broker/valkey.conf", "storage/identities.json"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert running_stack(checkout) == {}


def test_every_engine_listens_on_this_machine_only_and_asks_for_a_password(
    engines: EmbeddedStack,
) -> None:
    database, broker, storage = (
        engines.environment[name]
        for name in ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_S3_ENDPOINT")
    )
    for pid in engines.pids.values():
        assert {host for host, _ in listening_addresses(pid)} == {"127.0.0.1"}

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.replace(urlsplit(database).password or "", "guess"))
    with (
        redis.Redis(port=urlsplit(broker).port or 0, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()
    assert fetch(storage, "GET", "/s3-images").status == 403


def test_a_page_of_any_origin_may_upload_with_a_content_type(engines: EmbeddedStack) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    endpoint = engines.environment["STORAGE_S3_ENDPOINT"]
    answer = fetch(endpoint, "OPTIONS", "/s3-images/a.jpg", asked)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://shop.example")
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].lower() in ("*", "content-type")


def test_engines_given_by_the_environment_are_not_started(checkout: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://somebody@db.example/s3",
        "CELERY_BROKER_URL": "redis://broker.example/0",
        "STORAGE_S3_ENDPOINT": "https://storage.example",
        "STORAGE_ACCESS_KEY": "theirs",
        "STORAGE_SECRET_KEY": "theirs too",
        "PUBLIC_BASE_URL": "https://photos.example",
    }
    with stack_in(checkout, **given) as stack:
        assert stack.pids == {}
        assert {name: stack.environment[name] for name in given} == given


def test_a_storage_without_its_keys_is_refused(checkout: Path) -> None:
    stack = stack_in(checkout, STORAGE_S3_ENDPOINT="https://storage.example")
    with pytest.raises(StackError, match="STORAGE_SECRET_KEY too"), stack:
        pass


@pytest.mark.parametrize("port", ["0x1", "-1", "65536", "web"])
def test_a_port_that_is_none_is_refused(checkout: Path, port: str) -> None:
    with pytest.raises(StackError, match="is no free port"), stack_in(checkout, PORT=port):
        pass


def test_a_taken_port_that_was_asked_for_is_refused(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with (
            pytest.raises(StackError, match=f"PORT={taken} is no free port"),
            stack_in(checkout, PORT=str(taken)),
        ):
            pass


def test_a_lost_secrets_file_is_explained(checkout: Path) -> None:
    with stack_in(checkout):
        pass
    (checkout / ".local" / "stack" / "secrets.json").unlink()
    with pytest.raises(StackError, match="has another password than"), stack_in(checkout):
        pass


def test_an_engine_that_cannot_start_is_named_with_its_last_words(checkout: Path) -> None:
    with stack_in(checkout):
        pass
    configuration = checkout / ".local" / "stack" / "postgres" / "data" / "postgresql.conf"
    configuration.write_text("nonsense = 1\n")
    with pytest.raises(StackError, match=r"(?s)postgres ended with code 1.*nonsense"):
        stack_in(checkout).__enter__()


def test_a_process_is_stopped_with_its_children(checkout: Path) -> None:
    with held_stack(checkout) as (holder, report):
        family = report["pids"]["family"]
        assert not group_is_gone(family)
        holder.send_signal(signal.SIGTERM)
        holder.wait(timeout=30)
        assert group_is_gone(family)


def fetch(endpoint: str, method: str, path: str, headers: dict[str, str] | None = None) -> Any:
    parts = urlsplit(endpoint)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()
