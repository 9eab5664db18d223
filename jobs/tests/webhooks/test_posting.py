"""One POST: whatever the receiver does, it is over in time and leads nowhere else."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from jobs.tests.webhooks.posts import SECONDS, SLACK, answer_of_names, send
from jobs.webhooks.posting import Answer, NotSent, post
from jobs.webhooks.target import read_target
from s3project.testing.receivers import receiver, rude_receiver


def test_a_receiver_gets_the_body_and_its_answer_is_known() -> None:
    with receiver(status=200, body=b"thanks") as known:
        assert send(known.url, b'{"type":"x"}') == Answer(200, "thanks")
    [came] = known.received
    assert (came.path, came.body) == ("/hook", b'{"type":"x"}')
    assert came.headers["host"] == f"127.0.0.1:{known.port}"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-id"] == "msg_1"
    assert came.headers["user-agent"].startswith("S3-Webhooks/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiver(status=204) as inner:
        with receiver(status=status, headers={"Location": inner.url}) as known:
            assert send(known.url).status == status
        assert inner.received == []


def test_of_ten_megabytes_one_kilobyte_is_read() -> None:
    with receiver(status=500, body=b"x" * 10_000_000) as known:
        assert send(known.url) == Answer(500, "x" * 1024)


def test_a_body_of_any_bytes_is_text_that_can_be_stored() -> None:
    with receiver(status=200, body=b"\x00\xff\xed\xa0\x80ok") as known:
        body = send(known.url).body
    assert body.endswith("ok")
    assert "\0" not in body
    body.encode()


def hang(line: socket.socket) -> None:
    line.recv(65536)
    time.sleep(30)


def say_nothing_at_all(line: socket.socket) -> None:
    time.sleep(30)


def drip(line: socket.socket) -> None:
    """A byte now and then: of a head that never ends."""
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        line.sendall(b"x")
        time.sleep(0.05)


def drip_headers(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        line.sendall(b"X-%d: y\r\n" % number)
        time.sleep(0.05)


def go_on_for_ever(line: socket.socket) -> None:
    """100 Continue, again and again."""
    line.recv(65536)
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


@pytest.mark.parametrize("behave", [hang, say_nothing_at_all, drip, drip_headers, go_on_for_ever])
def test_whoever_holds_the_line_is_cut_off_in_time(
    behave: Callable[[socket.socket], None],
) -> None:
    with rude_receiver(behave) as url:
        started = time.monotonic()
        with pytest.raises(NotSent, match=r"within 10 seconds|no HTTP"):
            send(url, seconds=SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK


def test_a_receiver_that_reads_nothing_is_cut_off_in_time() -> None:
    with rude_receiver(say_nothing_at_all) as url:
        started = time.monotonic()
        with pytest.raises(NotSent, match="within 10 seconds"):
            send(url, b"x" * 50_000_000, SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK


@pytest.mark.parametrize("chunked", [False, True])
def test_a_success_whose_body_never_ends_is_a_success(chunked: bool) -> None:
    def behave(line: socket.socket) -> None:
        line.recv(65536)
        length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 500"
        line.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n")
        while True:
            line.sendall(b"1\r\nx\r\n" if chunked else b"x")
            time.sleep(0.1)

    with rude_receiver(behave) as url:
        started = time.monotonic()
        answer = send(url, seconds=SECONDS)
        assert answer.status == 200
        assert set(answer.body) == {"x"}
        assert time.monotonic() - started < SECONDS + SLACK


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "connection was closed|no HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, "no HTTP"),
    ],
)
def test_whoever_closes_early_or_speaks_something_else_has_not_taken_it(
    said: bytes, why: str
) -> None:
    def behave(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(said)

    with rude_receiver(behave) as url, pytest.raises(NotSent, match=why):
        send(url)


def test_nobody_there_is_known_at_once() -> None:
    with receiver() as known:
        url = known.url
    with pytest.raises(NotSent, match="no connection"):
        send(url)


@pytest.mark.parametrize(
    "found",
    [
        [],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "10.0.0.1"],  # of a host with both sides neither is tried
        ["::ffff:127.0.0.1"],
        ["fe80::1%eth0"],
    ],
)
def test_a_name_that_leads_inside_is_not_connected_to(
    found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_of_names(monkeypatch, found)
    with receiver() as known:
        target = read_target(f"http://evil.test:{known.port}/", allow_http=True, allowed=[])
        with pytest.raises(NotSent, match="no public address"):
            post(target, b"{}", {}, allowed=[], seconds=SECONDS)
        assert known.received == []


def test_a_name_is_asked_for_once_so_that_it_cannot_answer_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A resolver that names an allowed address when it is checked and another one afterwards: what
    was checked is what is connected to."""
    asked = answer_of_names(monkeypatch, ["127.0.0.1"], ["127.9.9.9"])
    connected: list[str] = []
    real = socket.create_connection

    def connect(address: Any, *args: Any, **options: Any) -> socket.socket:
        connected.append(address[0])
        return real(address, *args, **options)

    monkeypatch.setattr(socket, "create_connection", connect)
    with receiver() as known:
        assert send(f"http://rebind.test:{known.port}/hook").status == 204
    assert asked == ["rebind.test"]
    assert connected == ["127.0.0.1"]
    assert known.received[0].headers["host"] == f"rebind.test:{known.port}"


def test_a_resolver_that_hangs_is_waited_for_no_longer_than_a_receiver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hesitate(*_: object, **__: object) -> list[Any]:
        time.sleep(3)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hesitate)
    started = time.monotonic()
    with pytest.raises(NotSent, match="within 10 seconds"):
        send("http://slow.test/", seconds=SECONDS)
    assert time.monotonic() - started < SECONDS + SLACK


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as known:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(known.url).status == 204
        assert proxy.received == []
