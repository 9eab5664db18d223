"""The studio in a real browser, over real processes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from jobs.tests.studio.cable import Cable
from jobs.tests.studio.visitor import Visitor
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.window import browser

__all__ = ["browser"]


@pytest.fixture(scope="package")
def cable(engines: EmbeddedStack) -> Iterator[Cable]:
    """Browsers reach the storage by it."""
    with Cable(engines.environment["STORAGE_S3_ENDPOINT"]) as cable:
        yield cable


@pytest.fixture(scope="package")
def stack(
    engines: EmbeddedStack,
    django_db_setup: None,
    cable: Cable,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveStack]:
    """Web, its front and a worker, for all tests of the page."""
    with live_stack_of(engines, tmp_path_factory.mktemp("studio")) as stack:
        stack.start_web(STORAGE_PUBLIC_ENDPOINT=cable.url)
        stack.start_worker()
        yield stack


@pytest.fixture
def visitor(browser: Browser, stack: LiveStack) -> Iterator[Visitor]:
    """Somebody who has never been here, at a desk, reading English."""
    with Visitor(browser, stack.base_url) as visitor:
        yield visitor
