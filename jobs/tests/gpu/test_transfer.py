"""Photos are read and stored over a storage that breaks off, or was away for a while."""

from collections.abc import Iterator

import botocore.endpoint
import pytest
from botocore.config import Config
from pytest_django import Settings

from bench.faults.proxy import HALF, RESET, StorageProxy
from jobs.backends import Backend
from jobs.gpu import keyed_store, transfer, url_store
from jobs.gpu.engine.messages import WorkItem, WorkMessage
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.reporter import Reporter
from jobs.gpu.transfer import ObjectStore
from jobs.gpu.url_store import UrlStore
from jobs.storage.bucket import PhotoStorage, photo_storage, presigner
from jobs.tests.gpu.callback_server import INPUT_KEYS, serving

pytestmark = pytest.mark.usefixtures("engines")

USER, JOB = f"u_{'1' * 32}", f"job_{'2' * 32}"
ITEM = WorkItem(
    0,
    f"inputs/{USER}/{JOB}/0.jpg",
    f"outputs/{USER}/{JOB}/0_result.png",
    f"previews/{USER}/{JOB}/0_thumb.jpg",
)
KEY, RESULT = ITEM.input_key, ITEM.output_key
PHOTO = b"a photo" * 1000


@pytest.fixture
def proxy(settings: Settings) -> Iterator[StorageProxy]:
    KeyedStore().write(KEY, PHOTO, "image/jpeg")
    with StorageProxy(settings.STORAGE_S3_ENDPOINT) as proxy:
        settings.STORAGE_S3_ENDPOINT = proxy.url
        settings.STORAGES = {**settings.STORAGES}  # made anew, for the other address
        assert photo_storage().client.meta.endpoint_url == proxy.url
        yield proxy


@pytest.fixture(params=[KeyedStore, UrlStore])
def store(
    request: pytest.FixtureRequest, proxy: StorageProxy, settings: Settings
) -> Iterator[ObjectStore]:
    """Both ways of a worker to the storage, through the proxy."""
    if request.param is KeyedStore:
        yield KeyedStore()
        return
    settings.STORAGE_WORKER_ENDPOINT = proxy.url
    presigner.cache_clear()
    INPUT_KEYS[JOB] = {0: KEY}
    granted = {"granted": [0], "job_status": "running", "lease_seconds": 120}
    with serving(data=granted) as server:
        callback_url = f"{server.url}/jobs/{JOB}/callback"
        message = WorkMessage(JOB, USER, "interior", {}, (), (ITEM,), callback_url, JOB)
        reporter = Reporter(secret="s", timeout=2, worker="host:1", backend=Backend("cpu"))
        yield UrlStore(message, reporter, endpoint=proxy.url, bucket=settings.STORAGE_BUCKET)
    presigner.cache_clear()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "BACKOFF", (0, 0, 0))
    monkeypatch.setattr(url_store, "BACKOFF", (0, 0, 0))
    monkeypatch.setattr(botocore.endpoint, "time", NoTime)


class NoTime:
    """For botocore, between two tries."""

    @staticmethod
    def sleep(seconds: float) -> None:
        pass


def test_a_photo_whose_bytes_break_off_is_read_again(
    proxy: StorageProxy, store: ObjectStore
) -> None:
    proxy.first(HALF, 3)

    assert transfer.fetch_photo(store, KEY) == PHOTO
    assert sum(proxy.refused.values()) == 3


def test_a_photo_that_always_breaks_off_is_given_up_after_four_times(
    proxy: StorageProxy, store: ObjectStore
) -> None:
    proxy.always(HALF)

    with pytest.raises(transfer.TransferFailed):
        transfer.fetch_photo(store, KEY)
    assert sum(proxy.refused.values()) == 4


def survive_an_outage(proxy: StorageProxy, store: ObjectStore) -> None:
    """And then meet a hiccup at the next request."""
    proxy.always(RESET)
    for _ in range(50):
        with pytest.raises(transfer.TransferFailed):
            store.write(RESULT, PHOTO, "image/jpeg")
    proxy.first(RESET, 1)


def test_a_hiccup_after_an_outage_is_bridged(proxy: StorageProxy, store: ObjectStore) -> None:
    survive_an_outage(proxy, store)

    store.write(RESULT, PHOTO, "image/jpeg")

    assert sum(proxy.refused.values()) == 1


def test_control_standard_mode_has_no_repetition_left_after_an_outage(
    proxy: StorageProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = PhotoStorage()
    storage.client_config = storage.client_config.merge(
        Config(retries={"mode": "standard", "total_max_attempts": 4})
    )
    monkeypatch.setattr(keyed_store, "photo_storage", lambda: storage)
    store = KeyedStore()
    survive_an_outage(proxy, store)

    with pytest.raises(transfer.TransferFailed):
        store.write(RESULT, PHOTO, "image/jpeg")
