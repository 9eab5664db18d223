"""Receivers on this machine, good ones and bad ones."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from s3project.embedded.ports import HOST


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and what is answered: a status, and a body, after a moment. Port 0 is any."""

    status: int = 204
    body: bytes = b""
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The `webhook-id` of all that came."""
        return [each.headers["webhook-id"] for each in self.received]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None, **answer: Any) -> Iterator[Receiver]:
    """An HTTP server that remembers what it is sent."""
    known = Receiver(**answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            known.received.append(Received(self.path, headers, body))
            time.sleep(known.delay)
            with suppress(OSError):  # whoever asked may have enough
                self.send_response(known.status)
                for name, value in known.headers.items():
                    self.send_header(name, value)
                if known.status != 204:
                    self.send_header("Content-Length", str(len(known.body)))
                self.end_headers()
                self.wfile.write(known.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((HOST, known.port), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    known.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def rude_receiver(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A socket at which `behave` does what it likes with each connection; yields its URL."""
    listening = socket.create_server((HOST, 0))

    def accept() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            behave(line)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{listening.getsockname()[1]}/hook"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
