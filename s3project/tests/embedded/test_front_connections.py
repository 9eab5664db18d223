"""The front's connections to web: which are used again, and what never happens twice for it."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any

import pytest
import requests

from s3project.embedded.front import WEB, Sockets, front_argv, front_environment
from s3project.embedded.ports import HOST, free_port, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.stack import EmbeddedStack
from s3project.embedded.supervisor import Supervisor
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.waiting import wait_until
from s3project.tests.embedded.process_table import unix_sockets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("connections")) as stack:
        stack.start_web(workers=2)
        yield stack


# --- What nobody has read -----------------------------------------------------------------------

# Such a body is left in the socket when nobody reads it.
LARGE = 300_000


def test_a_refusal_arrives_though_nobody_has_read_what_was_sent(server: LiveStack) -> None:
    """Else it is 503 of two requests in five: web cuts off what the front is still writing."""
    for path, status in (("/jobs", 401), ("/nowhere", 404)):
        said = [
            requests.post(f"{server.base_url}{path}", data=b"x" * LARGE, timeout=20).status_code
            for _ in range(20)
        ]
        assert said == [status] * 20


@pytest.mark.parametrize("body", [b"x" * LARGE, [b"x" * LARGE]], ids=["counted", "in chunks"])
def test_web_reads_a_body_to_its_end_and_takes_the_next_request(
    server: LiveStack, body: Any
) -> None:
    (path,) = unix_sockets(server.pids["web"])
    web = HTTPConnection("web")
    with socket.socket(socket.AF_UNIX) as web.sock:
        web.sock.settimeout(20)
        web.sock.connect(str(path))
        web.auto_open = 0
        for _ in range(3):
            web.request("POST", "/jobs", body=body)
            refused = web.getresponse()
            assert (refused.status, json.loads(refused.read())["success"]) == (401, False)


# --- What is used again -------------------------------------------------------------------------


def connections_to(path: Path) -> int:
    """How many are open at a unix socket."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    return sum(row[5:6] == ["03"] and row[-1] == str(path) for row in rows)


def test_a_connection_to_web_is_used_again_and_given_up_before_web_closes_it(
    server: LiveStack,
) -> None:
    (web,) = unix_sockets(server.pids["web"])
    wait_until(lambda: connections_to(web) == 0, seconds=20)

    for _ in range(5):
        assert requests.get(f"{server.base_url}/health", timeout=20).status_code == 200
    assert connections_to(web) == 1

    wait_until(lambda: connections_to(web) == 0, seconds=20)  # web closes one after 30


class Web(BaseHTTPRequestHandler):
    """A web server that dies of the second request of a connection, and forgets to say so."""

    protocol_version = "HTTP/1.1"
    seen: Counter[str]

    def setup(self) -> None:
        super().setup()
        self.served = 0

    def log_message(self, *_: Any) -> None: ...

    def answer(self) -> None:
        self.served += 1
        self.seen[f"{self.command} {self.path}"] += 1
        if self.served == 2:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_DELETE = answer


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Its address, and what has come through it to `Web`."""
    sockets, port = Sockets(tmp_path), free_port()

    class Counting(Web):
        seen: Counter[str] = Counter()

    supervisor = Supervisor(tmp_path)
    with ThreadingUnixStreamServer(str(sockets.free(WEB)), Counting) as web:
        Thread(target=web.serve_forever, daemon=True).start()
        try:
            child = supervisor.start(
                "front",
                front_argv(),
                env=front_environment(tmp_path, str(port), {}),
                cwd=sockets.folder,
            )
            wait_until_ready(child, lambda: not is_free(port))
            yield f"http://{HOST}:{port}", Counting.seen
        finally:
            supervisor.close(gently=False)
            web.shutdown()
            sockets.clear_up()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Idempotency-Key": "a"}, {"Idempotency-Key": ""}, {"X-Idempotency-Key": "a"}],
    ids=["no key", "a key", "an empty key", "a key by another name"],
)
def test_what_changes_something_is_never_sent_again_by_the_front(
    front: tuple[str, Counter[str]], method: str, headers: dict[str, str]
) -> None:
    address, seen = front
    # The same headers: what has a key may go another way.
    assert requests.get(f"{address}/first", headers=headers, timeout=20).status_code == 200

    requests.request(method, f"{address}/second", headers=headers, timeout=20)

    assert seen == {"GET /first": 1, f"{method} /second": 1}


def test_what_is_only_read_is_sent_again(front: tuple[str, Counter[str]]) -> None:
    """So a connection that was used before did break."""
    address, seen = front
    assert requests.get(f"{address}/first", timeout=20).status_code == 200
    assert requests.get(f"{address}/second", timeout=20).status_code == 200

    assert seen == {"GET /first": 1, "GET /second": 2}
