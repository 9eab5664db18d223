"""The studio in a real browser, over real processes."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from jobs.tests.studio.cable import Cable
from jobs.tests.studio.visitor import Visitor
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of

NAMES = ("chromium", "chromium-browser", "google-chrome")
DJANGO_IN_A_LOOP = "DJANGO_ALLOW_ASYNC_UNSAFE"


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


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """CI has one, so that a missing one is a failure there."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None and "CI" not in os.environ:
        pytest.skip("Chromium is not installed")
    # Playwright runs a loop of asyncio in this thread, and Django refuses its database there.
    os.environ[DJANGO_IN_A_LOOP] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            yield browser
            browser.close()
    finally:
        del os.environ[DJANGO_IN_A_LOOP]


@pytest.fixture
def visitor(browser: Browser, stack: LiveStack) -> Iterator[Visitor]:
    """Somebody who has never been here, at a desk, reading English."""
    with Visitor(browser, stack.base_url) as visitor:
        yield visitor
