"""The operators' pages in a real browser, over a real web process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from jobs.tests.admin.browser.operator import Operator
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.window import browser

__all__ = ["browser"]


@pytest.fixture(scope="module")
def stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """Web and its front; no worker, so that jobs move when a test says so. One for each module:
    after a test outside a transaction the types of content have other numbers, and web knows the
    old ones."""
    with live_stack_of(engines, tmp_path_factory.mktemp("operators")) as stack:
        stack.start_web(ADMIN_TOTP="required")
        yield stack


@pytest.fixture
def operator(browser: Browser, stack: LiveStack) -> Iterator[Operator]:
    """Somebody at a desk who may everything, not signed in yet."""
    with Operator(browser, stack.base_url) as operator:
        yield operator
