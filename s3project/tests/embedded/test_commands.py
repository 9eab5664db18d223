"""What a person sees who runs a command of this checkout."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from s3project.embedded import processes
from s3project.embedded.ports import free_port, is_free
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.tests.embedded.process_table import (
    child_running,
    datagram_addresses,
    is_only_for_its_owner,
    listening_addresses,
    unix_sockets,
)
from s3project.tests.embedded.stranger import ANYBODYS_AT_THE_STORAGE, HOST, names, served_at

STACK_VARIABLES = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_S3_ENDPOINT", "PUBLIC_BASE_URL")
SERVE = (
    "import sys; from pathlib import Path; from functools import partial\n"
    "from s3project.embedded.errors import StackError\n"
    "from s3project.embedded.foreground import serve\n"
    "try:\n"
    "    serve(Path(sys.argv[1]), worker=sys.argv[2] == 'worker', say=partial(print, flush=True))\n"
    "except StackError as error:\n"
    "    sys.exit(str(error))\n"
)


def without_stack(**more: str) -> dict[str, str]:
    """The environment of a shell in which no stack is set."""
    bare = {name: value for name, value in os.environ.items() if name not in STACK_VARIABLES}
    return {**bare, "S3_STACK": "off", **more}


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=PROJECT, env=without_stack(**env), capture_output=True, text=True, check=False
    )


@contextmanager
def serving(base_dir: Path, worker: str = "worker", **env: str) -> Iterator[subprocess.Popen[str]]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(base_dir), worker],
        cwd=PROJECT,
        env=without_stack(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield server
    finally:
        server.terminate()
        server.communicate(timeout=60)


def read_until(server: subprocess.Popen[str], word: str) -> str:
    assert server.stdout is not None
    lines = []
    for line in server.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    assert server.stderr is not None
    pytest.fail(f"serve ended early: {server.stderr.read()}")


def test_a_command_that_needs_the_database_says_how_to_get_one() -> None:
    done = run(sys.executable, "manage.py", "migrate")
    assert done.returncode == 1
    assert done.stderr == (
        "This command needs the database: run `make serve` in another terminal, "
        "or set DATABASE_URL.\n"
    )


@pytest.mark.parametrize(
    "celery", [["-m", "celery"], [str(Path(sys.executable).parent / "celery")]]
)
def test_a_worker_without_a_broker_says_how_to_get_one(celery: list[str]) -> None:
    done = run(sys.executable, *celery, "-A", "s3project", "worker", "-Q", "gpu")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "No broker is known: run `make serve` in this checkout, or set CELERY_BROKER_URL."
    ]


def test_importing_the_application_without_a_broker_is_no_error() -> None:
    done = run(sys.executable, "-c", "import s3project.celery")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_gpu_worker_finds_neither_the_database_nor_the_secrets_of_the_web(
    engines: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "for the scraper only")
    told = processes.gpu_worker_environment(engines.environment)
    code = (
        "import json; from s3project import settings as s; print(json.dumps("
        "[s.DATABASES['default']['ENGINE'], s.JWT_SECRET, s.SECRET_KEY, s.CELERY_BROKER_URL]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=told,
        capture_output=True,
        text=True,
        check=True,
    )
    engine, jwt_secret, secret_key, broker = json.loads(done.stdout)
    assert engine == "django.db.backends.dummy"
    assert broker == engines.environment["WORKER_BROKER_URL"]
    assert jwt_secret != engines.environment["JWT_SECRET"]
    assert secret_key != engines.environment["DJANGO_SECRET_KEY"]
    known = {**os.environ, **engines.environment}
    own = engines.environment["WORKER_BROKER_URL"]
    hidden = {known[name] for name in processes.WORKER_MUST_NOT_KNOW} - {own}
    assert hidden.isdisjoint(told.values())


def test_serve_runs_everything_until_it_is_interrupted(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, PORT=str(port)) as server:
        said = read_until(server, "Stop")
        assert f"http://127.0.0.1:{port}/admin/" in said
        assert "operator@localhost" in said
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            assert answer.status == 200

        with serving(tmp_path) as second:
            _, complaint = second.communicate(timeout=30)
        assert second.returncode == 1
        assert complaint.startswith(
            f"A stack already runs in this checkout, at http://127.0.0.1:{port}: "
        )

        server.send_signal(signal.SIGINT)
        rest, complaint = server.communicate(timeout=60)
    # Blank lines may have been read ahead with the line that was waited for.
    assert (server.returncode, rest.strip(), complaint) == (0, "Stopped.", "")
    assert is_free(port)


def test_every_door_of_serve_but_the_front_is_shut_and_a_kill_leaves_nothing(
    tmp_path: Path,
) -> None:
    port = free_port()
    with serving(tmp_path, PORT=str(port)) as server:
        read_until(server, "Stop")
        family = psutil.Process(server.pid).children(recursive=True)
        doors = listening_addresses(server.pid)
        assert (HOST, port) in doors
        assert {host for host, _ in doors} == {HOST}
        # The front's is everybody's: it asks for a token where one is needed. The storage says that
        # it is there.
        served = {each: names(served_at(each)) for _, each in doors if each != port}
        assert {name for found in served.values() for name in found} == ANYBODYS_AT_THE_STORAGE
        assert sum(bool(found) for found in served.values()) == 1
        assert datagram_addresses(server.pid) == set()
        assert all(is_only_for_its_owner(path) for path in unix_sockets(server.pid))

        server.kill()
        server.wait()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
        assert all(is_free(each) for _, each in doors)


def test_serve_ends_and_says_why_when_one_of_its_processes_dies(tmp_path: Path) -> None:
    with serving(tmp_path, "no worker", PORT=str(free_port())) as server:
        read_until(server, "Stop")
        os.kill(child_running(server.pid, "valkey-server"), signal.SIGKILL)
        _, complaint = server.communicate(timeout=60)
    assert server.returncode == 1
    assert complaint.startswith("broker ended unexpectedly with code -9; the end of ")


@pytest.mark.parametrize(
    ("option", "complaint"),
    [("--version", ""), ("--collect-only", ""), ("-x", "STORAGE_SECRET_KEY too")],
)
def test_a_test_run_without_tests_starts_no_engine(option: str, complaint: str) -> None:
    """Here they could not be started, which a run with tests has to say."""
    done = run(
        *(sys.executable, "-m", "pytest", option, "-q", "s3project/tests/embedded/test_state.py"),
        STORAGE_S3_ENDPOINT="https://storage.example",
        STORAGE_ACCESS_KEY="",
        STORAGE_SECRET_KEY="",
    )
    assert (done.returncode == 0) == (not complaint), done.stderr
    assert complaint in done.stderr


def test_a_fast_run_starts_nothing_and_leaves_out_who_needs_a_server() -> None:
    done = run(
        *(sys.executable, "-m", "pytest", "--fast", "-q", "-p", "no:cacheprovider"),
        "s3project/tests/embedded/test_state.py",  # files, and one process
        "s3project/tests/embedded/test_postgres.py",  # starts engines by itself
        "users/tests/test_device_race.py",  # asks for the database
    )

    assert done.returncode == 0, done.stdout
    passed, skipped, deselected = (
        int(re.findall(rf"(\d+) {word}", done.stdout)[0])
        for word in ("passed", "skipped", "deselected")
    )
    assert passed > 5
    assert skipped > 1
    assert deselected > 0


def test_two_test_runs_at_once_have_engines_of_their_own(engines: EmbeddedStack) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            "s3project/tests/embedded/test_stack.py::"
            "test_a_page_of_any_origin_may_upload_with_a_content_type",
        ],
        cwd=PROJECT,
        env=without_stack(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert engines.dead() is None
