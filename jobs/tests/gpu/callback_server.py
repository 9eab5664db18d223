"""A server for callbacks and claims that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = 0  # closes the connection without an answer

Call = tuple[str, str | None, dict[str, Any]]


class Server:
    """Answers with `statuses` in turn, then with 200; keeps (path, Authorization, body).

    The answers' data is `data`, or what `answers` says to a path.
    """

    def __init__(self, statuses: list[int], data: dict[str, Any]) -> None:
        self.calls: list[Call] = []
        self.statuses = statuses
        self.url = ""
        self.answers: Callable[[str], dict[str, Any]] = lambda path: data
        self._changed = threading.Condition()

    def note(self, call: Call) -> None:
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    def to(self, action: str) -> list[dict[str, Any]]:
        """The bodies that came to an endpoint, `claim` or `callback`."""
        return [body for path, _, body in self.calls if path.endswith(f"/{action}")]

    def wait_for(self, action: str, times: int) -> None:
        """Until so many requests have come to an endpoint."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.to(action)) >= times, timeout=20)
        assert came, f"{len(self.to(action))} of {times} to {action}"


@contextmanager
def serving(*statuses: int, data: dict[str, Any] | None = None) -> Iterator[Server]:
    server = Server(list(statuses), data or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.note((self.path, self.headers["Authorization"], body))
            status = server.statuses.pop(0) if server.statuses else 200
            if status == HANG_UP:
                self.close_connection = True
                return
            answer = json.dumps(
                {"success": status == 200, "data": server.answers(self.path)}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        http.shutdown()
