"""A server for callbacks and claims that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jobs.keys import owner_of
from jobs.storage.worker_urls import AskedPhoto, AskedUrls, sign_worker_urls
from s3project import ids

HANG_UP = 0  # closes the connection without an answer

# Of the jobs whose claims are answered with URLs as the server's are: idx → where the photo is.
INPUT_KEYS: dict[str, dict[int, str]] = {}

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

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        data = self.answers(path)
        job = path.split("/")[2]
        if not body.get("urls") or job not in INPUT_KEYS or "urls" in data:
            return data
        return {**data, "urls": signed_for(job, data["granted"], body, data["lease_seconds"])}

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


def signed_for(
    job: str, granted: list[int], body: dict[str, Any], lease_seconds: int
) -> list[dict[str, Any]]:
    """What web answers to such a claim."""
    photos = {idx: key for idx, key in INPUT_KEYS[job].items() if idx in granted}
    owner = owner_of(next(iter(INPUT_KEYS[job].values())))
    job_id = ids.parse_public_id(ids.JOB, job)
    assert owner is not None
    assert job_id is not None
    asked = {one["idx"]: AskedPhoto(one["sha256"], _item(one)) for one in body.get("photos", ())}
    urls = sign_worker_urls(
        owner.user_id,
        job_id,
        photos,
        AskedUrls(body.get("masks", ()), asked),
        lease=timedelta(seconds=lease_seconds),
    )
    return [asdict(one) for one in urls]


def _item(photo: dict[str, Any]) -> Any:
    if "masks_in" not in photo:
        return None
    job, _, idx = photo["masks_in"].partition("/")
    return ids.parse_public_id(ids.JOB, job), int(idx)


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
                {"success": status == 200, "data": server.answer(self.path, body)}
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
