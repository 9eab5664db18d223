"""A worker that has no key: URLs that end, lead elsewhere or are refused."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from jobs.backends import Backend
from jobs.gpu import transfer, url_store
from jobs.gpu.chunk_pipeline import ChunkPipeline
from jobs.gpu.engine.errors import PhotoError
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.memory_budget import MemoryBudget
from jobs.gpu.reporter import DeliveryFailed, Reporter
from jobs.gpu.url_store import UrlStore
from jobs.limits import MAX_PHOTO_BYTES
from jobs.tests.gpu.callback_server import INPUT_KEYS, Server, serving, signed_for
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, png_file, wall

pytestmark = pytest.mark.usefixtures("engines")

GRANTED: dict[str, Any] = {"granted": [0], "job_status": "running", "lease_seconds": 120}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_store, "BACKOFF", (0, 0, 0))
    monkeypatch.setattr(transfer, "BACKOFF", (0, 0, 0))


def always(data: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    return lambda path: data


def message_to(server: Server, photo: bytes | None = None) -> WorkMessage:
    user, job = f"u_{uuid4().hex}", f"job_{uuid4().hex}"
    item = WorkItem(
        0,
        f"inputs/{user}/{job}/0.jpg",
        f"outputs/{user}/{job}/0_result.png",
        f"previews/{user}/{job}/0_thumb.jpg",
    )
    INPUT_KEYS[job] = {0: item.input_key}
    if photo is not None:
        KeyedStore().write(item.input_key, photo, "image/jpeg")
    edits = {"Wall": Edit("recolor", "navy")}
    callback = f"{server.url}/jobs/{job}/callback"
    return WorkMessage(job, user, "interior", edits, (), (item,), callback, job)


def reporter() -> Reporter:
    return Reporter(
        secret="s", timeout=2, worker="host:1", backend=Backend("cpu"), sleep=lambda _: None
    )


def store_of(message: WorkMessage, settings: Settings, endpoint: str = "") -> UrlStore:
    return UrlStore(
        message,
        reporter(),
        endpoint=endpoint or settings.STORAGE_S3_ENDPOINT,
        bucket=settings.STORAGE_BUCKET,
    )


def test_urls_that_are_fresh_are_used_again_and_others_are_asked_for(settings: Settings) -> None:
    with serving(data={**GRANTED, "lease_seconds": 120}) as server:
        message = message_to(server, b"a photo")
        store = store_of(message, settings)
        for _ in range(3):
            assert store.read(message.items[0].input_key) == b"a photo"
        store.write(message.items[0].output_key, b"a result", "image/png")
        assert len(server.to("claim")) == 1
        server.answers = lambda path: {**GRANTED, "lease_seconds": 0}
        store._leaves.clear()
        with pytest.raises(transfer.ServerAway):
            store.read(message.items[0].input_key)
        assert len(server.to("claim")) == 2


def test_a_url_that_the_storage_calls_ended_is_replaced_once(settings: Settings) -> None:
    with serving(data=GRANTED) as server:
        message = message_to(server, b"a photo")
        key = message.items[0].input_key
        store = store_of(message, settings)
        assert store.read(key) == b"a photo"
        leave = store._leaves["GET", key]
        store._leaves["GET", key] = url_store._Leave(leave.url + "0", leave.until)

        assert store.read(key) == b"a photo"
        assert len(server.to("claim")) == 2

        spoiled = signed_for(message.job_id, [0], {}, 120)
        spoiled[0]["input"] += "0"
        server.answers = lambda path: {**GRANTED, "urls": spoiled}
        store._leaves.clear()
        with pytest.raises(transfer.TransferFailed, match="403"):
            store.read(key)
        assert len(server.to("claim")) == 4


@pytest.mark.parametrize("size", [0, MAX_PHOTO_BYTES, MAX_PHOTO_BYTES + 1])
def test_the_size_of_a_photo_is_what_it_is_with_keys(settings: Settings, size: int) -> None:
    with serving(data=GRANTED) as server:
        message = message_to(server, bytes(size))
        store = store_of(message, settings)
        key = message.items[0].input_key
        if size == MAX_PHOTO_BYTES:
            assert len(transfer.fetch_photo(store, key)) == size
        else:
            with pytest.raises(PhotoError, match="empty" if size == 0 else "larger than 25 MiB"):
                transfer.fetch_photo(store, key)


def test_a_photo_that_was_never_uploaded_is_none(settings: Settings) -> None:
    with serving(data=GRANTED) as server:
        message = message_to(server)
        assert store_of(message, settings).read(message.items[0].input_key) is None


class Trap(ThreadingHTTPServer):
    """Keeps what is asked of it, and answers with `status` and `headers`."""

    daemon_threads = True
    status = 200
    headers: dict[str, str]
    asked: list[str]


class TrapHandler(BaseHTTPRequestHandler):
    server: Trap

    def _note(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        self.send_response(self.server.status)
        for name, value in {"Content-Length": "0", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_PUT = _note

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def trap(status: int = 200, **headers: str) -> Iterator[Trap]:
    with Trap(("127.0.0.1", 0), TrapHandler) as server:
        server.status, server.headers, server.asked = status, headers, []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def url_of(server: Trap) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def foreign_urls(message: WorkMessage, settings: Settings, host: str) -> list[str]:
    item, own = message.items[0], settings.STORAGE_S3_ENDPOINT
    path = f"/{settings.STORAGE_BUCKET}/{item.output_key}"
    return [
        f"{host}{path}?X-Amz-Signature=1",
        f"{own}@{host.removeprefix('http://')}{path}?a=1",
        f"{own}.{host.removeprefix('http://')}{path}?a=1",
        f"http://169.254.169.254{path}?a=1",
        f"{own}/other-bucket/{item.output_key}?a=1",
        f"{own}{path}/../../x?a=1",
        f"{own}{path}",
        f"file://{path}?a=1",
        f"{own}/{settings.STORAGE_BUCKET}/outputs/u_{'0' * 32}/{message.job_id}/0_result.png?a=1",
    ]


def test_nothing_is_sent_to_an_address_that_is_not_the_storage_of_its_settings(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(data=GRANTED) as server, trap() as elsewhere:
        message = message_to(server)
        for url in foreign_urls(message, settings, url_of(elsewhere)):
            for given in (url, 5, {"x": url}):
                urls: list[Any] = [
                    {"idx": 0, "input": given, "output": given, "preview": given, "masks": []}
                ]
                server.answers = always({**GRANTED, "urls": urls})
                with pytest.raises(transfer.ServerAway):
                    store_of(message, settings).write(message.items[0].output_key, b"x", "a/b")
        assert elsewhere.asked == []
    assert "X-Amz" not in caplog.text, "a URL is a right to something, and belongs in no log"


def test_a_redirect_is_not_followed(settings: Settings) -> None:
    with serving(data=GRANTED) as server, trap() as elsewhere:
        with trap(307, Location=f"{url_of(elsewhere)}/stolen") as storage:
            message = message_to(server)
            item, base = message.items[0], f"{url_of(storage)}/{settings.STORAGE_BUCKET}/"
            urls: list[dict[str, Any]] = [
                {"idx": 0, "input": f"{base}{item.input_key}?a=1", "masks": []}
            ]
            urls[0]["output"] = f"{base}{item.output_key}?a=1"
            server.answers = lambda path: {**GRANTED, "urls": urls}
            store = store_of(message, settings, url_of(storage))
            with pytest.raises(transfer.TransferFailed, match="307"):
                store.write(item.output_key, b"x", "image/png")
            with pytest.raises(transfer.TransferFailed, match="307"):
                store.read(item.input_key)
            assert len(storage.asked) == 2
        assert elsewhere.asked == []


def process(message: WorkMessage, settings: Settings) -> None:
    engine = Engine(FixedSegmenter({"Wall": left_half()}))
    store = store_of(message, settings)
    ChunkPipeline(message, reporter(), lambda: engine, 2, store, MemoryBudget(10**9)).process()


def test_an_item_that_was_lost_meanwhile_is_left_to_whoever_has_it(settings: Settings) -> None:
    with serving() as server:

        def lost_after_the_first_claim(path: str) -> dict[str, Any]:
            first = len(server.to("claim")) == 1
            return {**GRANTED, "granted": [0] if first else [], "lease_seconds": 1 if first else 0}

        server.answers = lost_after_the_first_claim
        message = message_to(server, png_file(wall()))
        # Its first URLs end before it is done.
        store = store_of(message, settings)
        slow = Engine(SlowSegmenter({"Wall": left_half()}))
        ChunkPipeline(message, reporter(), lambda: slow, 2, store, MemoryBudget(10**9)).process()
        assert server.to("callback") == []
    assert KeyedStore().read(message.items[0].output_key) is None


class SlowSegmenter(FixedSegmenter):
    def segment(self, rgb: Any, concepts: Any) -> Any:
        threading.Event().wait(1.2)
        return super().segment(rgb, concepts)


def test_a_server_that_hands_out_no_urls_costs_no_photo(settings: Settings) -> None:
    """An older one, or one that signs for another address: the chunk comes again."""
    with serving(data={**GRANTED, "urls": []}) as server:
        message = message_to(server, png_file(wall()))
        with pytest.raises(DeliveryFailed):
            process(message, settings)
        assert server.to("callback") == []


def test_masks_without_a_grant_or_an_answer_cost_a_segmentation_only(settings: Settings) -> None:
    with serving(200, 503, 503, data=GRANTED) as server:
        message = message_to(server, png_file(wall()))
        process(message, settings)
        [body] = server.to("callback")
        assert body["status"] == "done"
