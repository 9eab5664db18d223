"""Whether the HTTP API answers, and the process of its streams."""

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from s3project.embedded.ports import HOST

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def web_answers(port: int) -> bool:
    """True when `GET /health` on this machine is 200."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def socket_answers(path: Path) -> bool:
    """The same, asked of the process that listens at a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
            connection.sendall(HEALTH)
            return connection.recv(1024).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False
