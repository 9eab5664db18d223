"""The ways to the storage: a connection that is kept, a proxy, certificates of one's own."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings as configured

from jobs.storage import listing
from jobs.storage.bucket import StorageUnavailable, photo_storage
from jobs.tests.certificates import self_signed

EMPTY = b"<ListBucketResult/>"
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


class Storage(BaseHTTPRequestHandler):
    """Answers that nothing is there. As a proxy it answers in the storage's place."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, str]]
    callers: set[tuple[str, int]]
    # Bytes that the first, the second … answer is said to have.
    promised = [len(EMPTY)]
    hangs_up = False
    hangs = False

    def do_GET(self) -> None:
        kind = type(self)
        authorization = self.headers.get("Proxy-Authorization", "")
        kind.asked.append((self.path.partition("?")[0], self.headers["Host"], authorization))
        kind.callers.add(self.client_address)
        if kind.hangs:
            self.rfile.read(1)
            return
        promised = kind.promised[min(len(kind.asked), len(kind.promised)) - 1]
        self.send_response(200)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(EMPTY)
        # Without having said so, as a storage does that was idle for long.
        self.close_connection = kind.hangs_up or promised > len(EMPTY)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(certificate: Path | None = None, **how: object) -> Iterator[tuple[type[Storage], int]]:
    class Handler(Storage):
        asked = []
        callers = set()

    for name, value in how.items():
        setattr(Handler, name, value)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield Handler, server.server_port
        server.shutdown()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the storage is said to be, which only a proxy can tell."""
    monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", "http://storage.test:8333/s3")
    listing._connections.cache_clear()
    return "http://storage.test:8333/s3"


def is_listed() -> bool:
    return photo_storage().sizes("inputs/u/") == {}


def test_a_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{port}")
        assert all(is_listed() for _ in range(3))

    assert len(storage.asked) == 3
    assert len(storage.callers) == 1


def test_a_connection_that_the_storage_has_closed_is_not_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(hangs_up=True) as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{port}")
        assert all(is_listed() for _ in range(3))

    assert len(storage.asked) == 3


@pytest.mark.parametrize(("promised", "found"), [([100, 19], True), ([100, 100], False)])
def test_an_answer_that_breaks_off_is_asked_for_once_more(
    promised: list[int], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(promised=promised) as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{port}")
        if found:
            assert is_listed()
        else:
            with pytest.raises(StorageUnavailable):
                is_listed()

    assert len(storage.asked) == 2


def test_a_storage_that_hangs_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "READ_SECONDS", 0.1)
    with serving(hangs=True) as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{port}")
        with pytest.raises(StorageUnavailable) as failed:
            is_listed()

    assert "Read timed out" in str(failed.value.__cause__)
    assert len(storage.asked) == 2


def test_a_proxy_is_told_the_whole_address_and_who_asks(
    monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    with serving() as (proxy, port):
        monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{port}")
        assert is_listed()

    assert proxy.asked == [
        (f"{away}/{configured.STORAGE_BUCKET}", "storage.test:8333", "Basic dXNlcjpzZWNyZXQ=")
    ]


def test_a_proxy_is_left_out_where_it_shall_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (storage, port), serving() as (proxy, proxy_port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert is_listed()

    assert not proxy.asked
    assert storage.asked == [(f"/{configured.STORAGE_BUCKET}", f"127.0.0.1:{port}", "")]


def test_a_storage_is_believed_by_the_certificates_of_aws_ca_bundle_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = self_signed(tmp_path, "localhost")
    with serving(file) as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"https://localhost:{port}")
        with pytest.raises(StorageUnavailable) as failed:
            is_listed()
        assert "CERTIFICATE_VERIFY_FAILED" in str(failed.value.__cause__)

        listing._connections.cache_clear()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
        assert is_listed()

    assert len(storage.asked) == 1


def test_a_storage_of_another_name_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = self_signed(tmp_path, "elsewhere.test")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
    with serving(file) as (storage, port):
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"https://localhost:{port}")
        with pytest.raises(StorageUnavailable) as failed:
            is_listed()

    assert "localhost" in str(failed.value.__cause__)
    assert not storage.asked
