"""Fixtures of the tests that speak HTTP to a real server without a worker."""

from collections.abc import Iterator

import pytest

from s3project.embedded.stack import EmbeddedStack
from s3project.testing.broker import purge
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of


@pytest.fixture(scope="module")
def server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("web")) as stack:
        stack.start_web()
        yield stack


@pytest.fixture
def empty_queues() -> Iterator[None]:
    """Afterwards: no worker comes for what the test published."""
    yield
    purge("gpu")
    purge("maintenance")
