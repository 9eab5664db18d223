"""What our listing finds is what boto3's finds, and its failures are the same to a client."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.conf import settings as configured

from jobs.storage import bucket, listing
from jobs.storage.bucket import StorageUnavailable, photo_storage
from jobs.storage.presign import Presigner
from s3project.embedded.ports import free_port

pytestmark = pytest.mark.usefixtures("engines")

FOLDER = "inputs/listed"


def by_boto3(prefix: str) -> dict[str, int]:
    storage = photo_storage()
    pages = storage.client.get_paginator("list_objects_v2").paginate(
        Bucket=storage.bucket_name, Prefix=prefix
    )
    return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", ())}


def put(key: str, size: int = 1) -> None:
    storage = photo_storage()
    storage.client.put_object(Bucket=storage.bucket_name, Key=key, Body=b"x" * size)


def test_every_name_is_found_with_its_size() -> None:
    prefix = f"{FOLDER}/names & more%2F+~/"
    names = ("0.jpg", "0_Glass highlight.png", "0_벽.png", "a+b=c&d~e,(f)!.png", "100%25.png", "<>")
    for size, name in enumerate(names):
        put(prefix + name, size)

    found = photo_storage().sizes(prefix)

    assert found == {prefix + name: size for size, name in enumerate(names)} == by_boto3(prefix)


def test_nothing_is_found_where_nothing_is() -> None:
    assert photo_storage().sizes(f"{FOLDER}/nothing/") == {}
    assert list(photo_storage().listing(f"{FOLDER}/nothing/")) == [{}]


def test_what_does_not_fit_on_a_page_is_on_the_next() -> None:
    prefix = f"{FOLDER}/many/"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, [f"{prefix}{number:04}" for number in range(1003)]))

    pages = list(photo_storage().listing(prefix))

    assert [len(page) for page in pages] == [1000, 3]
    assert {key for page in pages for key in page} == set(by_boto3(prefix))


class Failing(BaseHTTPRequestHandler):
    """Answers with the statuses of `answers`, one after the other."""

    protocol_version = "HTTP/1.1"
    answers: list[int]
    asked: int

    def do_GET(self) -> None:
        status = type(self).answers[type(self).asked]
        type(self).asked += 1
        body = b"<ListBucketResult/>" if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Failing]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", address)
        Failing.asked = 0
        yield Failing
        server.shutdown()


@pytest.mark.parametrize(
    ("answers", "asked"),
    [([403, 200], 1), ([404, 200], 1), ([500, 503], 2), ([301, 200], 1)],
)
def test_a_refusal_is_an_outage_and_what_may_pass_is_tried_once_more(
    answers: list[int], asked: int, failing: type[Failing]
) -> None:
    failing.answers = answers

    with pytest.raises(StorageUnavailable):
        photo_storage().sizes("inputs/")

    assert failing.asked == asked


def test_an_error_that_passes_is_not_noticed(failing: type[Failing]) -> None:
    failing.answers = [503, 200]

    assert photo_storage().sizes("inputs/") == {}


def test_what_is_no_listing_is_an_outage(
    failing: type[Failing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_get", lambda *_: b"<html>not found")

    with pytest.raises(StorageUnavailable):
        photo_storage().sizes("inputs/")


def test_a_storage_that_is_away_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configured, "STORAGE_S3_ENDPOINT", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(StorageUnavailable):
        photo_storage().sizes("inputs/")


def test_a_key_that_is_not_known_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = Presigner(
        endpoint=configured.STORAGE_S3_ENDPOINT,
        region=configured.STORAGE_REGION,
        bucket=configured.STORAGE_BUCKET,
        access_key="stranger",
        secret_key="guessed",
    )
    monkeypatch.setattr(bucket, "presigner", lambda _: stranger)

    with pytest.raises(StorageUnavailable):
        photo_storage().sizes("inputs/")
