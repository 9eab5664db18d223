"""What the tests of jobs leave behind them: nothing, in the queues and in the bucket. And the
patience that they have."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from jobs.delivery import hints
from jobs.storage.bucket import photo_storage, presigner
from s3project.bucket import prepare_bucket
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.broker import purge
from s3project.testing.plugin import SPARE_BUCKET, STORE_PATIENCE


@pytest.fixture(scope="session", autouse=True)
def _patient_hints() -> Iterator[None]:
    """A hint that took longer than is shipped, on a machine with other things to do, would be the
    last one for some seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hints, "TIMEOUT_SECONDS", STORE_PATIENCE)
        hints._sender.cache_clear()
        yield


@pytest.fixture
def empty_queues() -> Iterator[None]:
    """Before the test, and after it: no worker comes for what it published."""
    for queue in ("gpu", "packages", "maintenance"):
        purge(queue)
    yield
    for queue in ("gpu", "packages", "maintenance"):
        purge(queue)


@pytest.fixture
def own_bucket(engines: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket for the test alone: in the usual one lies what other tests stored for jobs
    that their transactions have forgotten."""
    storage = photo_storage()
    if "storage" not in engines.pids:  # it was given, and so was a key that may do this
        prepare_bucket(storage.client, SPARE_BUCKET)
    monkeypatch.setattr(storage, "bucket_name", SPARE_BUCKET)
    # Listings are signed for the bucket of the settings.
    monkeypatch.setattr(settings, "STORAGE_BUCKET", SPARE_BUCKET)
    presigner.cache_clear()
    yield SPARE_BUCKET
    storage.delete_below([""])
    presigner.cache_clear()
