"""Bytes that no HTTP library would send."""

import contextlib
import socket

from s3project.embedded.ports import HOST
from s3project.testing.slow_clients import answer


def say(port: int, said: bytes, seconds: float = 5) -> bytes:
    """What the front answers to these bytes, until it has nothing more to say."""
    with socket.create_connection((HOST, port), seconds) as connection:
        with contextlib.suppress(ConnectionError):  # it may refuse before it has heard everything
            connection.sendall(said)
        try:
            return answer(connection, seconds)
        except ConnectionError:
            return b""


def statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]
