"""Photos are read and stored over a storage that breaks off, or was away for a while."""

from collections.abc import Iterator

import botocore.endpoint
import pytest
from botocore.config import Config
from pytest_django import Settings

from bench.faults.proxy import HALF, RESET, StorageProxy
from jobs.gpu import transfer
from jobs.storage.bucket import PhotoStorage, photo_storage

pytestmark = pytest.mark.usefixtures("engines")

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
    monkeypatch.setattr(botocore.endpoint, "time", NoTime)


class NoTime:
    """For botocore, between two tries."""

    @staticmethod
    def sleep(seconds: float) -> None:
        pass


def test_a_photo_whose_bytes_break_off_is_read_again(proxy: StorageProxy) -> None:
    proxy.first(HALF, 3)

    assert transfer.fetch_photo(KEY) == PHOTO
    assert sum(proxy.refused.values()) == 3


def test_a_photo_that_always_breaks_off_is_given_up_after_four_times(proxy: StorageProxy) -> None:
    proxy.always(HALF)

    with pytest.raises(transfer.TransferFailed):
        transfer.fetch_photo(KEY)
    assert sum(proxy.refused.values()) == 4


def survive_an_outage(proxy: StorageProxy) -> None:
    """And then meet a hiccup at the next request."""
    proxy.always(RESET)
    for _ in range(50):
        with pytest.raises(transfer.TransferFailed):
            transfer.store_result(KEY, PHOTO, "image/jpeg")
    proxy.first(RESET, 1)


def test_a_hiccup_after_an_outage_is_bridged(proxy: StorageProxy) -> None:
    survive_an_outage(proxy)

    transfer.store_result(KEY, PHOTO, "image/jpeg")

    assert sum(proxy.refused.values()) == 1


def test_control_standard_mode_has_no_repetition_left_after_an_outage(
    proxy: StorageProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = PhotoStorage()
    storage.client_config = storage.client_config.merge(
        Config(retries={"mode": "standard", "total_max_attempts": 4})
    )
    monkeypatch.setattr(transfer, "photo_storage", lambda: storage)
    survive_an_outage(proxy)

    with pytest.raises(transfer.TransferFailed):
        transfer.store_result(KEY, PHOTO, "image/jpeg")
