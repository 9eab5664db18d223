"""The pytest plugin that gives a test run its own PostgreSQL, Valkey and SeaweedFS.

Loaded with `-p s3project.testing.plugin`. The engines are started before Django's settings are
read and their addresses put into the environment; those already set there are used instead. A
stack that `make serve` keeps running is never touched.
"""

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pytest
import redis

from s3project.api import rate_limiter
from s3project.embedded import ports, processes
from s3project.embedded.errors import StackError, StackRunning
from s3project.embedded.ports import free_port
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.provision.database_roles import events_grant_statements, grant_statements
from s3project.testing.live import LiveStack
from s3project.testing.quarters import wait_for_room

# Beside the usual bucket, for tests that must know all that lies in one.
SPARE_BUCKET = "s3-images-spare"
ROOT = PROJECT / ".local" / "test"
# The name of this process where several share a run (`pytest -n`), else empty.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# So many that share one have ports of their own.
RUNS = 8
# Runs that execute no test need no engine, nor do those of `--fast` (`fast.py`).
IDLE_OPTIONS = ("help", "version", "collectonly", "showfixtures", "show_fixtures_per_test", "fast")

# Seconds that a store of limits may take here. A machine with other things to do pauses for longer
# than is shipped, and a limit that is off for that is a test that fails by chance.
STORE_PATIENCE = 20.0
LIMITS = "s3:rate:*"

STACK: EmbeddedStack | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Before pytest-django reads the settings, which it does in this same hook."""
    options = early_config.known_args_namespace
    if not _shares_out(early_config) and not any(
        getattr(options, name, False) for name in IDLE_OPTIONS
    ):
        engines = ExitStack()
        early_config.add_cleanup(engines.close)
        try:
            _start(engines)
        except StackError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test that polls a job twice and compares must not fail four times an hour."""
    wait_for_room()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """A test outside a transaction ends with a TRUNCATE of all tables, which the audit log would
    refuse. (`test_database_roles.py` has a database where it does.)"""
    result = yield
    if fixturedef.argname == "django_db_setup":
        from django.db import connection

        with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE acts DISABLE TRIGGER acts_not_truncated")
    return result


@pytest.fixture(scope="session")
def engines() -> EmbeddedStack:
    """The engines of this test run."""
    assert STACK is not None, "The engines start with the run."
    return STACK


@pytest.fixture(scope="module", autouse=True)
def _limits_of_its_own() -> None:
    """What the tests of another file have used up of a limit is there again, as nearly all of them
    call from one address."""
    if STACK is not None:
        with redis.Redis.from_url(STACK.environment["CELERY_BROKER_URL"]) as store:
            for key in store.scan_iter(LIMITS):
                store.delete(key)


@pytest.fixture(scope="session", autouse=True)
def shipped_timeout() -> Iterator[float]:
    """How long the limits of a request wait for their store, but for those of this process."""
    shipped = rate_limiter.TIMEOUT_SECONDS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limiter, "TIMEOUT_SECONDS", STORE_PATIENCE)
        yield shipped


@pytest.fixture
def live_stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path: Path
) -> Iterator[LiveStack]:
    """Processes on the test database: see LiveStack. Their work is seen outside a transaction
    only, so a test that asks for it is marked `django_db(transaction=True)`."""
    with live_stack_of(engines, tmp_path) as stack:
        yield stack


@pytest.fixture(scope="module")
def server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """One web process for all tests of a module, without a worker."""
    with live_stack_of(engines, tmp_path_factory.mktemp("web")) as stack:
        stack.start_web()
        yield stack


def live_stack_of(engines: EmbeddedStack, folder: Path) -> LiveStack:
    """Processes on the test database, for fixtures that keep them for more than one test."""
    return LiveStack({**engines.environment, **_test_database_urls(engines)}, folder)


def _shares_out(config: pytest.Config) -> bool:
    """A run with `-n` that leaves the tests to others: each has engines of its own."""
    return bool(getattr(config.known_args_namespace, "numprocesses", None)) and not WORKER


def _start(engines: ExitStack) -> None:
    global STACK
    _share_ports()
    # A port of its own, so that a run never competes with `make serve` for the usual one.
    variables = {**os.environ, "PORT": str(free_port())}
    try:
        stack = engines.enter_context(_stack(ROOT / WORKER, variables))
    except StackRunning:
        # Another run holds the folder.
        folder = engines.enter_context(tempfile.TemporaryDirectory(prefix="s3-test-"))
        stack = engines.enter_context(_stack(Path(folder), variables))
    # Tests are the owner of the database that they create and drop, and may look into the broker.
    # The processes that they start are what they are elsewhere: see `_test_database_urls`.
    variables = dict(stack.environment)
    for name in (*processes.OTHER_ROLES, "RATE_LIMIT_URL"):
        variables.pop(name, None)
    variables["DATABASE_URL"] = stack.environment.get(processes.MIGRATES, variables["DATABASE_URL"])
    os.environ.update(variables)
    os.environ["S3_STACK"] = "off"
    # Tests make users by the hundred from one address; those of the limits set their own.
    for name in ("ANON_SIGNUP_RATE", "CREATE_RATE", "NEW_USER_RATE", "REFRESH_RATE", "USER_RATE"):
        os.environ[name] = "off"
    STACK = stack


def _share_ports() -> None:
    """Runs beside this one start engines at the same moment: each chooses from ports of its own."""
    number = WORKER.removeprefix("gw")
    if number.isdecimal():
        width = (ports.LAST - ports.FIRST) // RUNS
        ports.FIRST += int(number) % RUNS * width
        ports.LAST = ports.FIRST + width


def _stack(root: Path, variables: dict[str, str]) -> EmbeddedStack:
    return EmbeddedStack(
        root, variables=variables, durable=False, spare_buckets=[SPARE_BUCKET], patience=0.2
    )


def _test_database_urls(engines: EmbeddedStack) -> dict[str, str]:
    """The test database as the roles that processes have, which are given their rights there
    first."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    rights = {"DATABASE_URL": grant_statements, processes.WATCHES: events_grant_statements}
    urls = {
        variable: _to_database(engines.environment[variable], name)
        for variable in rights
        if variable in engines.environment
    }
    owner = engines.environment.get(processes.MIGRATES)
    if owner is not None:
        with psycopg.connect(_to_database(owner, name), autocommit=True) as test_database:
            rows = test_database.execute("SELECT tablename FROM pg_tables").fetchall()
            tables = {str(table) for (table,) in rows}
            for variable, url in urls.items():
                role = unquote(urlsplit(url).username or "")
                for statement in rights[variable](role, tables):
                    test_database.execute(statement)
    return urls


def _to_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(name)}").geturl()
