"""Front and web agree where a request ends, whatever its headers claim."""

import pytest
import requests

from s3project.testing.live import LiveStack
from s3project.tests.attacks.raw import say, statuses

pytestmark = pytest.mark.django_db(transaction=True)

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"2\r\n{}\r\n0\r\n\r\n"


def post(*headers: bytes, body: bytes = CHUNKED + HIDDEN) -> bytes:
    return b"\r\n".join([b"POST /auth/anon HTTP/1.1", b"Host: x", *headers, b"", b""]) + body


LENGTH = b"Content-Length: %d" % len(CHUNKED + HIDDEN)
# Refused by themselves: there are two readings.
AMBIGUOUS = {
    "two lengths": post(b"Content-Length: 2", b"Content-Length: 90", body=b"{}" + HIDDEN),
    "a list of lengths": post(b"Content-Length: 2, 90", body=b"{}" + HIDDEN),
    "a sign": post(b"Content-Length: +2", body=b"{}" + HIDDEN),
    "negative": post(b"Content-Length: -2", body=b"{}" + HIDDEN),
    "hexadecimal": post(b"Content-Length: 0x2", body=b"{}" + HIDDEN),
    "a blank before the colon": post(b"Transfer-Encoding : chunked", LENGTH),
    "another coding": post(b"Transfer-Encoding: xchunked", LENGTH),
    "two codings": post(b"Transfer-Encoding: identity, chunked", LENGTH),
    "coded twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", LENGTH),
    "a tab": post(b"Transfer-Encoding:\x0bchunked", LENGTH),
    "a line in a value": post(b"X: a\rContent-Length: 2", b"Content-Length: 3\n", body=b"{}"),
    "a NUL": post(b"X: a\0b", b"Content-Length: 2", body=b"{}"),
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a chunk too large to count": post(
        b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n" + HIDDEN
    ),
    "a chunk with a sign": post(b"Transfer-Encoding: chunked", body=b"-2\r\n{}\r\n" + HIDDEN),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused(server: LiveStack, name: str) -> None:
    answers = say(server.port, AMBIGUOUS[name])
    found = statuses(answers)
    assert len(found) <= 1, answers
    assert all(400 <= status < 600 for status in found), answers
    assert "/smuggled" not in server.log("web")


def test_with_length_and_chunks_the_chunks_count_for_both(server: LiveStack) -> None:
    """RFC 9112 allows it. What follows is then a request of its own, answered to who sent it."""
    short = b"Content-Length: 2"
    for headers in (
        (b"Transfer-Encoding: chunked", LENGTH),
        (short, b"Transfer-Encoding: chunked"),
    ):
        found = statuses(say(server.port, post(*headers)))
        assert len(found) <= 2
        for _ in range(5):
            other = requests.get(f"{server.base_url}/health", timeout=20)
            assert (other.status_code, other.json()["success"]) == (200, True)


def test_headers_between_front_and_web_are_the_fronts(server: LiveStack) -> None:
    """Named as hop by hop, they would be taken away on the way to web."""
    request = (
        b"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close, X-Forwarded-For, Authorization\r\n\r\n"
    )
    assert statuses(say(server.port, request)) == [401]
