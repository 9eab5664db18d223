"""Photos are read over a storage that breaks off in the middle of one."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from jobs.faults.proxy import HALF, StorageProxy
from jobs.gpu import transfer
from jobs.storage import photo_storage

KEY = "inputs/u_1/job_1/0.jpg"
PHOTO = b"a photo" * 1000


@pytest.fixture
def proxy(settings: Settings) -> Iterator[StorageProxy]:
    transfer.store_result(KEY, PHOTO, "image/jpeg")
    with StorageProxy(settings.STORAGE_S3_ENDPOINT) as proxy:
        settings.STORAGE_S3_ENDPOINT = proxy.url
        settings.STORAGES = {**settings.STORAGES}  # made anew, for the other address
        assert photo_storage().client.meta.endpoint_url == proxy.url
        yield proxy


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "BACKOFF", (0, 0, 0))


def test_a_photo_whose_bytes_break_off_is_read_again(proxy: StorageProxy) -> None:
    proxy.first(HALF, 3)

    assert transfer.fetch_photo(KEY) == PHOTO
    assert sum(proxy.refused.values()) == 3


def test_a_photo_that_always_breaks_off_is_given_up_after_four_times(proxy: StorageProxy) -> None:
    proxy.always(HALF)

    with pytest.raises(transfer.TransferFailed):
        transfer.fetch_photo(KEY)
    assert sum(proxy.refused.values()) == 4
