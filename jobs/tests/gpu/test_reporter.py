"""The worker's callbacks against a real HTTP server that answers as it is told (contract §4.3)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.gpu.reporter import Claim, DeliveryFailed, Reporter

HANG_UP = 0  # closes the connection without an answer

Call = tuple[str, str | None, dict[str, Any]]


class Server:
    """Answers with `statuses` in turn, then with 200; keeps (path, Authorization, body)."""

    def __init__(self, statuses: list[int], data: dict[str, Any]) -> None:
        self.calls: list[Call] = []
        self.statuses = statuses
        self.data = data
        self.url = ""


@contextmanager
def serving(*statuses: int, data: dict[str, Any] | None = None) -> Iterator[Server]:
    server = Server(list(statuses), data or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.calls.append((self.path, self.headers["Authorization"], body))
            status = server.statuses.pop(0) if server.statuses else 200
            if status == HANG_UP:
                self.close_connection = True
                return
            answer = json.dumps({"success": status == 200, "data": server.data}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        http.shutdown()


def message_for(url: str, attempt: int = 1) -> WorkMessage:
    return WorkMessage(
        job_id="job_1",
        user_id="u_1",
        preset="interior",
        concepts={"Wall": Edit("recolor", "oak_a")},
        protect=(),
        items=(WorkItem(3, "in/3.jpg", "out/3.png", "thumb/3.jpg"),),
        callback_url=f"{url}/jobs/job_1/callback",
        idempotency_prefix="job_1",
        attempt=attempt,
    )


@contextmanager
def reporting() -> Iterator[tuple[Reporter, list[float]]]:
    """A reporter whose waits are written down instead of being waited for."""
    waits: list[float] = []
    reporter = Reporter(secret="s3cret", timeout=2, worker="host:1", sleep=waits.append)
    try:
        yield reporter, waits
    finally:
        reporter.close()


def test_a_finished_item_is_reported_with_its_keys_and_a_key_without_a_clock() -> None:
    with serving() as server, reporting() as (reporter, waits):
        reporter.done(message_for(server.url, attempt=2), 3, ["Wall: not found"])

    assert server.calls == [
        (
            "/jobs/job_1/callback",
            "Bearer s3cret",
            {
                "idx": 3,
                "status": "done",
                "output_key": "out/3.png",
                "preview_key": "thumb/3.jpg",
                "warnings": ["Wall: not found"],
                "idempotency_key": "job_1:3:attempt2",
            },
        )
    ]
    assert waits == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, HANG_UP])
def test_what_passes_is_tried_again_with_the_same_key(status: int) -> None:
    with serving(status, status) as server, reporting() as (reporter, waits):
        reporter.failed(message_for(server.url), 3, "the file is empty")

    assert len(server.calls) == 3
    assert {call[2]["idempotency_key"] for call in server.calls} == {"job_1:3:attempt1"}
    assert len(waits) == 2
    assert 0.5 <= waits[0] <= 1.5
    assert 1 <= waits[1] <= 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_final_and_stops_nothing(status: int) -> None:
    with serving(status) as server, reporting() as (reporter, waits):
        reporter.failed(message_for(server.url), 3, "the file is empty")

    assert len(server.calls) == 1
    assert waits == []


def test_what_cannot_be_delivered_fails_after_six_tries() -> None:
    with (
        serving(*[503] * 9) as server,
        reporting() as (reporter, waits),
        pytest.raises(DeliveryFailed),
    ):
        reporter.done(message_for(server.url), 3, [])

    assert len(server.calls) == 6
    for wait, base in zip(waits, (1, 2, 4, 8, 16), strict=True):
        assert base / 2 <= wait <= base * 1.5


def test_a_claim_asks_for_items_and_says_for_how_long_they_are_ours() -> None:
    data = {"granted": [3], "job_status": "queued", "lease_seconds": 120}
    with serving(data=data) as server, reporting() as (reporter, _):
        claim = reporter.claim(message_for(server.url, attempt=2), [3])

    assert claim == Claim(frozenset({3}), "queued", 120)
    assert server.calls == [
        (
            "/jobs/job_1/claim",
            "Bearer s3cret",
            {"items": [3], "attempt": 2, "worker": "host:1"},
        )
    ]


def test_a_claim_that_is_refused_grants_nothing() -> None:
    with serving(404) as server, reporting() as (reporter, _):
        claim = reporter.claim(message_for(server.url), [3])

    assert claim.granted == frozenset()
