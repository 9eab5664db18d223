"""What the tests of jobs leave behind them: nothing, in the queues and in the bucket."""

from collections.abc import Iterator

import pytest

from jobs.storage.bucket import photo_storage
from s3project.bucket import prepare_bucket
from s3project.testing.broker import purge

OWN_BUCKET = "s3-images-of-one-test"


@pytest.fixture
def empty_queues() -> Iterator[None]:
    """Before the test, and after it: no worker comes for what it published."""
    purge("gpu")
    purge("maintenance")
    yield
    purge("gpu")
    purge("maintenance")


@pytest.fixture
def own_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Empty: in the usual one lies what other tests stored for jobs that their transactions have
    forgotten."""
    storage = photo_storage()
    monkeypatch.setattr(storage, "bucket_name", OWN_BUCKET)
    prepare_bucket(storage.client, OWN_BUCKET)
    yield OWN_BUCKET
    storage.delete_below([""])
    storage.client.delete_bucket(Bucket=OWN_BUCKET)
