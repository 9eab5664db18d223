"""A real HTTP server that answers as a test tells it to, and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """What is answered. `silent` closes the connection without a word; `pieces` are a body that
    comes bit by bit, and with `cut` breaks off; a number among them is a pause in seconds.
    """

    status: int = 200
    data: Any = None
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    next_cursor: str | None = None
    raw: bytes | None = None
    pieces: tuple[bytes | float, ...] | None = None
    cut: bool = False
    silent: bool = False
    says: str | None = None  # Content-Length, if another one than the true one

    @property
    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        meta = {"request_id": "r-1", "timestamp": "…", "next_cursor": self.next_cursor}
        good = self.error is None
        said = {"success": good, "data": self.data, "error": self.error, "meta": meta}
        return json.dumps(said).encode()


def refused(status: int, code: str, details: Any = None, **headers: str) -> Reply:
    error = {"code": code, "message": f"It is {code}.", "details": details}
    return Reply(status, error=error, headers={k.replace("_", "-"): v for k, v in headers.items()})


def events(*pieces: bytes | float, cut: bool = False) -> Reply:
    return Reply(headers={"Content-Type": "text/event-stream"}, pieces=pieces, cut=cut)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class SmallApi:
    """`on` says what is answered to what, in turn; the last answer is given again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        small = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                small.answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def take_off(self, method: str, path: str) -> list[Reply]:
        """What was to be answered."""
        return self._replies.pop((method, path))

    def wait_for(self, method: str, path: str, seconds: float = 30.0) -> None:
        """Until it was asked for. Raises AssertionError when it was not in time."""
        deadline = time.monotonic() + seconds
        while f"{method} {path}" not in self.paths():
            assert time.monotonic() < deadline, f"{method} {path} was never asked for"
            time.sleep(0.02)

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path.partition("?")[0]
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            now = time.monotonic()
            self.asked.append(Asked(handler.command, handler.path, headers, body, now))
            waiting = self._replies.get((handler.command, path), [refused(404, "NOT_FOUND")])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if reply.silent:
            handler.close_connection = True
        elif reply.pieces is not None:
            self._drip(handler, reply)
        else:
            self._send(handler, reply)

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        content = b"" if reply.status in (204, 304) else reply.body
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            handler.send_header(name, value)
        if reply.status not in (204, 304):
            handler.send_header("Content-Length", reply.says or str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        if reply.says:
            handler.close_connection = True

    def _drip(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for piece in reply.pieces or ():
                if isinstance(piece, float):
                    time.sleep(piece)
                else:
                    handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    handler.wfile.flush()
            if not reply.cut:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass  # the client has gone
        handler.close_connection = True
