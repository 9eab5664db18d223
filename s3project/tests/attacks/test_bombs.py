"""Requests without end are refused at once, and the API goes on."""

import gzip
import time

import pytest
import requests

from s3project.testing.live import LiveStack
from s3project.tests.attacks.raw import say, statuses

pytestmark = pytest.mark.django_db(transaction=True)

START = b"GET /health HTTP/1.1\r\nHost: x\r\n"
HEADERS = {
    "one long header": START + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": START + b"".join(b"X%d: a\r\n" % n for n in range(20_000)) + b"\r\n",
    "a long cookie": START + b"Cookie: a=" + b"a" * 200_000 + b"\r\n\r\n",
    "a long URL": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "headers without end": START + b"X: a\r\n" * 100_000,
}
BODIES = {
    "arrays": b"[" * 500_000,
    "objects": b'{"a":' * 100_000,
    "closed arrays": b'{"concepts":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a number": b'{"item_count": ' + b"9" * 900_000 + b"}",
    "an exponent": b'{"item_count": 1e999999999}',
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_without_end_is_refused(server: LiveStack, name: str) -> None:
    started = time.monotonic()
    found = statuses(say(server.port, HEADERS[name]))
    assert len(found) <= 1
    assert all(400 <= status < 500 for status in found), found
    assert time.monotonic() - started < 5
    assert requests.get(f"{server.base_url}/health", timeout=5).status_code == 200


@pytest.mark.parametrize("name", BODIES)
def test_a_deep_or_endless_body_is_a_mistake_of_the_client(server: LiveStack, name: str) -> None:
    token = requests.post(f"{server.base_url}/auth/anon", timeout=20).json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for path in ("/jobs", "/rules", "/jobs/check"):
        answer = requests.post(
            server.base_url + path, data=BODIES[name], headers=headers, timeout=20
        )
        assert answer.status_code == 400, path
        assert len(answer.content) < 10_000


def test_a_compressed_body_is_not_blown_up(server: LiveStack) -> None:
    packed = gzip.compress(b'{"device_hash": "' + b"a" * 100_000_000 + b'"}')
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    started = time.monotonic()
    answer = requests.post(f"{server.base_url}/auth/anon", data=packed, headers=headers, timeout=20)
    assert answer.status_code in (400, 415)
    assert time.monotonic() - started < 5
