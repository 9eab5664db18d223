"""A way to the storage that misbehaves when asked to: answers 5xx, cuts, or takes its time."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

# What belongs to one connection and is not passed on (RFC 9110 §7.6.1).
OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}
# What a request meets: None passes it on, an int is an answer's status.
RESET, HALF = "reset", "half"
Fault = int | str | None


class StorageProxy:
    """A server before the storage while the block lasts. Signatures hold, since the Host header
    is passed on.

    `fault` decides over each request by its path; `seconds` is how long each one takes longer.
    """

    def __init__(self, endpoint: str) -> None:
        self.upstream = urlsplit(endpoint).netloc
        self.fault: Callable[[str], Fault] = lambda path: None
        self.seconds = 0.0
        self.refused: Counter[str] = Counter()  # by path, without the query
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def always(self, fault: Fault) -> None:
        """All requests meet the same from now on."""
        self.refused.clear()
        self.fault = lambda path: fault

    def first(self, fault: Fault, times: int) -> None:
        """The first requests for each path meet it, the later ones pass."""
        self.refused.clear()
        self.fault = lambda path: fault if self.refused[path] < times else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    proxy: StorageProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass_on(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(proxy.seconds)
        path = self.path.partition("?")[0]
        fault = proxy.fault(path)
        if fault is not None:
            proxy.refused[path] += 1
        if fault == RESET:
            self.close_connection = True
        elif isinstance(fault, int):
            self._answer(fault, [], b"")
        else:
            upstream = http.client.HTTPConnection(proxy.upstream, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in OF_A_CONNECTION}
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read(), half=fault == HALF)
            upstream.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], data: bytes, *, half: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in OF_A_CONNECTION | {"content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if half:
            self.close_connection = True
        self.wfile.write(data[: len(data) // 2] if half else data)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    do_GET = do_PUT = do_POST = do_DELETE = _pass_on
