"""One web process behind its front for all attacks that need no worker."""

from collections.abc import Iterator

import pytest

from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of


@pytest.fixture(scope="package")
def server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("attacked")) as stack:
        stack.start_web()
        yield stack
