"""`pytest --fast`: the tests that need no server and start no process. Nothing is marked by hand:
who asks for the database or an engine is left out, who starts a process is skipped as it does.
A test that uses an engine without asking for `engines` finds none, and fails.
"""

import os
import sys
from collections.abc import Generator

import pytest

# Fixtures of pytest-django lead to `django_db_setup`, ours to `engines`.
SERVED = frozenset({"engines", "db", "transactional_db", "django_db_setup", "live_server"})
ADDRESSES = ("DATABASE_URL", "CELERY_BROKER_URL", "RATE_LIMIT_URL", "STORAGE_S3_ENDPOINT")
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast",
        action="store_true",
        help="only the tests that need no server and start no process",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Before the settings are read: whatever runs or is set beside the run is not for it."""
    if early_config.known_args_namespace.fast:
        os.environ["S3_STACK"] = "off"
        for name in ADDRESSES:
            os.environ.pop(name, None)
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("fast"):
        return
    served = [item for item in items if needs_server(item)]
    config.hook.pytest_deselected(items=served)
    items[:] = [item for item in items if item not in served]
    sys.addaudithook(_start_nothing)


def needs_server(item: pytest.Item) -> bool:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    return item.get_closest_marker("django_db") is not None or not SERVED.isdisjoint(fixtures)


def _start_nothing(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTS:
        pytest.skip("--fast: it starts a process")
