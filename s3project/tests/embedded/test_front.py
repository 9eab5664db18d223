"""The front before the web process, as clients meet it: real Caddy, real web process."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from s3project.docs.schema import schema_json
from s3project.embedded.front import WEB, Sockets
from s3project.embedded.socket_paths import fits
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.slow_clients import KINDS, answer, latencies, slow_clients
from s3project.testing.waiting import wait_until
from s3project.tests.embedded.process_table import (
    is_only_for_its_owner,
    listening_addresses,
    unix_sockets,
)

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# A web process has two times four threads.
SLOW = 200
PATIENCE = {"FRONT_READ_TIMEOUT": "3s", "FRONT_ANSWER_TIMEOUT": "8s"}
# Seconds, for a loaded machine: docs/security.md has figures. Without the front, slow bodies leave
# everybody else without an answer for two minutes.
GENEROUS = 8


@pytest.fixture(scope="module")
def server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("front")) as stack:
        stack.start_web(workers=2, **PATIENCE)
        yield stack


def refusal(said: requests.Response) -> tuple[int, str]:
    envelope: dict[str, Any] = said.json()
    assert (envelope["success"], envelope["data"]) == (False, None)
    assert envelope["meta"]["request_id"] == said.headers["X-Request-ID"]
    assert MOMENT.fullmatch(envelope["meta"]["timestamp"])
    assert said.headers["Content-Type"] == "application/json"
    return said.status_code, envelope["error"]["code"]


# --- Slow clients -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_slow_keeps_nobody_else_waiting(server: LiveStack, kind: str) -> None:
    def look() -> requests.Response:
        return requests.get(f"{server.base_url}/health", timeout=GENEROUS)

    with slow_clients(server.port, kind, SLOW):
        found = latencies(look, times=30, pause=0.02)
    assert found[-1] < GENEROUS


def test_a_body_that_stops_is_answered_in_the_envelope_and_never_reaches_web(
    server: LiveStack,
) -> None:
    for kind in ("slow bodies", "slow chunks"):
        with slow_clients(server.port, kind, 1) as (connection,):
            started = time.monotonic()
            head, _, body = answer(connection, 20).partition(b"\r\n\r\n")
            assert 2 < time.monotonic() - started < 20
        assert head.startswith(b"HTTP/1.1 408 ")
        envelope = json.loads(body)
        assert envelope["error"]["code"] == "VALIDATION_ERROR"
        assert envelope["error"]["message"] == "The body did not arrive in time."
        assert envelope["meta"]["request_id"].encode() in head
    assert "/auth/anon" not in server.log("web")


def test_a_header_that_stops_ends_the_connection(server: LiveStack) -> None:
    with slow_clients(server.port, "slow headers", 1) as (connection,):
        assert answer(connection, 20).startswith(b"HTTP/1.1 400 ")
        assert connection.recv(1) == b""


def test_a_body_that_drips_is_cut_and_one_that_flows_is_not(server: LiveStack) -> None:
    body = b'{"device_hash": 5}'
    head = b"POST /auth/anon HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    def send(total: int, parts: list[bytes], pause: float) -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
            connection.sendall(head % total)
            for part in parts:
                time.sleep(pause)
                try:
                    connection.sendall(part)
                except ConnectionError:
                    break
            return answer(connection, 20)

    dripped = send(len(body), [body[i : i + 1] for i in range(len(body))], 0.4)
    assert dripped.startswith(b"HTTP/1.1 408 ")

    large = body[:-1] + b" " * 60_000 + b"}"
    flowed = send(len(large), [large[i : i + 12_000] for i in range(0, len(large), 12_000)], 0.8)
    assert flowed.startswith(b"HTTP/1.1 400 ")
    assert b'"device_hash"' in flowed


# --- What is answered here ----------------------------------------------------------------------


def test_while_web_is_away_the_answer_is_503_and_says_when_to_come_again(
    server: LiveStack,
) -> None:
    server.kill("web")
    away = requests.get(f"{server.base_url}/health", timeout=20)
    assert refusal(away) == (503, "UNAVAILABLE")
    assert away.headers["Retry-After"] == "2"
    assert requests.head(f"{server.base_url}/health", timeout=20).content == b""

    server.start_web(workers=2)
    assert requests.get(f"{server.base_url}/health", timeout=20).status_code == 200


def is_stopped(group: int) -> bool:
    """Whether every thread of a group of processes is: a signal takes its time to reach them."""
    states = set()
    for path in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
            states |= {state} if int(of_group) == group else set()
    return states == {"T"}


def test_while_web_hangs_the_answer_is_503_as_well(server: LiveStack) -> None:
    os.killpg(server.pids["web"], signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(server.pids["web"]), seconds=5)
        hanging = requests.get(f"{server.base_url}/health", timeout=20)
    finally:
        os.killpg(server.pids["web"], signal.SIGCONT)
    assert refusal(hanging) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"], ids=["", "asking first"])
def test_a_body_declared_as_too_large_is_refused_before_it_is_sent(
    server: LiveStack, more: bytes
) -> None:
    head = b"POST /auth/anon HTTP/1.1\r\nHost: x\r\n%sContent-Length: 1048577\r\n\r\n" % more
    with socket.create_connection(("127.0.0.1", server.port), 2) as connection:
        connection.sendall(head)
        # The front waits three seconds for a body.
        assert answer(connection, 2).startswith(b"HTTP/1.1 413 ")


# --- What passes --------------------------------------------------------------------------------


def test_the_answer_is_webs_and_says_nothing_of_the_front(server: LiveStack) -> None:
    said = requests.get(f"{server.base_url}/nowhere", timeout=20)
    assert refusal(said) == (404, "NOT_FOUND")
    assert "Server" not in said.headers
    assert "Via" not in said.headers


def test_nobody_can_claim_another_address(live_stack: LiveStack) -> None:
    live_stack.start_web(ANON_SIGNUP_RATE="1/hour")

    def sign_up(claimed: str) -> int:
        headers = {"X-Forwarded-For": claimed, "Forwarded": f"for={claimed}"}
        return requests.post(
            f"{live_stack.base_url}/auth/anon", headers=headers, timeout=20
        ).status_code

    answers = [sign_up("192.0.2.1"), sign_up("192.0.2.2"), sign_up("192.0.2.3, 192.0.2.4")]
    assert answers[1:] == [429, 429]


def test_long_answers_are_compressed_and_short_ones_are_not(server: LiveStack) -> None:
    url = f"{server.base_url}/openapi.json"
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=20)
    packed = requests.get(url, headers={"Accept-Encoding": "gzip"}, timeout=20)
    health = requests.get(
        f"{server.base_url}/health", headers={"Accept-Encoding": "gzip"}, timeout=20
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content == schema_json().body
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in health.headers


def test_a_compressed_answer_is_not_sent_again_while_it_is_the_same(server: LiveStack) -> None:
    url = f"{server.base_url}/openapi.json"
    for encoding in ("gzip", "zstd", "identity"):
        headers = {"Accept-Encoding": encoding}
        etag = requests.get(url, headers=headers, timeout=20).headers["ETag"]
        again = requests.get(url, headers={**headers, "If-None-Match": etag}, timeout=20)
        assert (again.status_code, again.content) == (304, b""), encoding


# --- How it stands ------------------------------------------------------------------------------


def test_web_is_reached_through_the_front_only(server: LiveStack) -> None:
    assert listening_addresses(server.pids["web"]) == set()
    assert listening_addresses(server.pids["front"]) == {("127.0.0.1", server.port)}
    sockets = unix_sockets(server.pids["web"])
    assert [path.name for path in sockets] == ["web.sock"]
    assert all(is_only_for_its_owner(path) for path in sockets)


def test_a_folder_too_deep_for_a_socket_has_it_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    place = Sockets(deep)
    assert fits(place.folder / WEB)
    assert place.folder.stat().st_mode & 0o777 == 0o700
    place.free(WEB).touch()
    place.clear_up()
    assert not place.folder.exists()
