"""Clients that keep a server waiting: by a body, a header, a silence, or by not reading."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import requests

from s3project.embedded.ports import HOST

# What each sends once, and then nothing for as long as it is held.
KINDS = {
    "slow bodies": b"POST /auth/anon HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "slow chunks": (
        b"POST /auth/anon HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"
    ),
    "slow headers": b"POST /auth/anon HTTP/1.1\r\nHost: x\r\nContent-",
    "idle connections": b"",
    # A document of some hundred kilobytes; see `_open` for what is never read of it.
    "slow readers": b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 2,
}


@contextmanager
def slow_clients(port: int, kind: str, number: int) -> Iterator[list[socket.socket]]:
    """So many connections of one of KINDS, held until the block ends."""
    with ExitStack() as held:
        yield [held.enter_context(_open(port, KINDS[kind])) for _ in range(number)]


def _open(port: int, said: bytes) -> socket.socket:
    connection = socket.socket()
    # Little is taken from the server that is not read.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((HOST, port))
    connection.sendall(said)
    return connection


def answer(connection: socket.socket, seconds: float) -> bytes:
    """What comes within that time: all of it, once something has come; raises TimeoutError."""
    connection.settimeout(seconds)
    said = b""
    try:
        while part := connection.recv(65536):
            said += part
            connection.settimeout(0.5)
    except (TimeoutError, ConnectionError):
        if not said:
            raise
    return said


def latencies(call: Callable[[], requests.Response], times: int, pause: float) -> list[float]:
    """Seconds until each answer; raises when one is no success."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call().raise_for_status()
        found.append(time.perf_counter() - started)
        time.sleep(pause)
    return sorted(found)
