"""A broker that takes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import celery
import pytest

from jobs.delivery import publish
from s3project.celery import app
from s3project.embedded.ports import free_port


@contextmanager
def broker_away() -> Iterator[None]:
    """Messages go to a broker whose port is closed."""
    away = celery.Celery("away", set_as_current=False)
    away.conf.update(
        # Celery prefers CELERY_BROKER_URL of the environment to `broker_url`, but not to this.
        broker_write_url=f"redis://127.0.0.1:{free_port()}/0",
        broker_transport_options=app.conf.broker_transport_options,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "app", away)
        yield
    away.close()
