#!/usr/bin/env python3
"""What each request of a lifecycle costs web, and where: the WSGI application in this process.

    .venv/bin/python bench/requests.py [-n 100] [--layers]

Starts the engines alone under `.local/bench` and calls the application directly, one request after
the other, in one thread whose CPU time is read before and after each. No web server, no load
generator and no other process are in the figures, so that they are the ones to compare on a machine
that others use; `bench/run.py` has what they add. The median of a request is printed, and what
PostgreSQL's processes used for a lifecycle.

Other work on a machine makes a processor's millisecond worth less, half as much at times. So a
fixed piece of Python, the yardstick, is timed within every lifecycle, and all figures are those of
a machine on which it takes 1 ms.

`--layers` samples the stack every millisecond of CPU instead: a sample counts for the layer that
the innermost frame belongs to. The times of requests are not printed then: sampling costs some.
"""

import argparse
import io
import json
import os
import signal
import statistics
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console
from rich.table import Table

from bench.lifecycle import EXECUTE, cpu_seconds
from s3project.embedded import processes
from s3project.embedded.stack import EmbeddedStack

ITEMS = 10
WARM_UP = 8
SAMPLE_SECONDS = 0.001
YARDSTICK_ROUNDS = 100
# The first that a file's name has.
LAYERS = (
    ("ORM", ("/django/db/models/", "/django/db/", "/django/contrib/postgres/")),
    ("psycopg", ("/psycopg/", "/psycopg_binary/")),
    ("Django: http, urls, middleware", ("/django/", "/asgiref/", "/corsheaders/")),
    ("REST framework", ("/rest_framework/",)),
    ("JWT", ("/rest_framework_simplejwt/", "/jwt/", "/cryptography/")),
    ("boto3", ("/botocore/", "/boto3/", "/s3transfer/", "/storages/", "/urllib3/")),
    ("Celery and redis", ("/celery/", "/kombu/", "/amqp/", "/vine/", "/redis/")),
    ("JSON", ("/json/",)),
    ("own code", (f"{PROJECT}/jobs/", f"{PROJECT}/users/", f"{PROJECT}/s3project/")),
)
OTHER = "other (standard library)"


class Client:
    """Calls the WSGI application as a server would."""

    def __init__(self, application: Callable[..., Any], secret: str) -> None:
        self._application = application
        self.secret = secret
        self.spent: dict[str, list[float]] = defaultdict(list)
        # Bytes of the last answer.
        self.received = 0

    def call(
        self,
        endpoint: str,
        method: str,
        path: str,
        bearer: str = "",
        body: Any = None,
        **headers: str,
    ) -> tuple[int, dict[str, str], Any]:
        """(status, headers, data); raises SystemExit for what is not a success or a 304. Without
        data is an answer that is no JSON."""
        raw = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **headers,
        }
        if raw:
            environ["CONTENT_TYPE"] = "application/json"
        if bearer:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
        answered: list[Any] = []
        started = time.thread_time()
        environ["wsgi.input"] = io.BytesIO(raw)
        response = self._application(environ, lambda *given: answered.extend(given))
        content = b"".join(response)
        response.close()
        self.spent[endpoint].append(time.thread_time() - started)
        status = int(answered[0].split()[0])
        if status >= 300 and status != 304:
            raise SystemExit(f"{method} {path}: {status} {content!r}")
        self.received = len(content)
        given = dict(answered[1])
        is_json = content and given["Content-Type"].startswith("application/json")
        return status, given, json.loads(content)["data"] if is_json else None

    def lifecycle(self) -> None:
        """The 18 requests of lifecycle.py, and two polls more that find nothing new; an EXTRA is
        not counted as part of it."""
        user = self.call("POST /auth/anon", "POST", "/auth/anon", body={})[2]
        token = user["token"]
        created = self.call(
            "POST /jobs", "POST", "/jobs", token, {"preset": "interior", "item_count": ITEMS}
        )[2]
        job = f"/jobs/{created['job_id']}"
        self.call("POST confirm-upload", "POST", f"{job}/confirm-upload", token)
        self.call("POST execute", "POST", f"{job}/execute", token, EXECUTE)
        items = {"items": [8, 9], "attempt": 1, "worker": "bench:1"}
        self.call("EXTRA POST claim", "POST", f"{job}/claim", self.secret, items)
        prefix, owner = uuid.uuid4().hex, f"{user['user_id']}/{created['job_id']}"

        def callback(endpoint: str, idx: int) -> None:
            body = {
                "idx": idx,
                "status": "done",
                "idempotency_key": f"{prefix}-{idx}",
                "output_key": f"outputs/{owner}/{idx}_result.png",
                "preview_key": f"previews/{owner}/{idx}_thumb.jpg",
            }
            self.call(endpoint, "POST", f"{job}/callback", self.secret, body)

        for idx in range(ITEMS):
            last = idx == ITEMS - 1
            callback("POST callback (last)" if last else "POST callback", idx)
            if idx == ITEMS // 2 - 1:
                callback("POST callback (duplicate)", 0)
                self.call("GET /jobs/{id} (half-way)", "GET", job, token)
        _, headers, _ = self.call("GET /jobs/{id} (end)", "GET", job, token)
        etag = {"HTTP_IF_NONE_MATCH": headers["ETag"]}
        self.call("EXTRA GET /jobs/{id} (unchanged)", "GET", job, token, **etag)
        self.call("EXTRA GET /jobs", "GET", "/jobs", token)
        self.call("GET /me", "GET", "/me", token)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--lifecycles", type=int, default=100)
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead")
    parser.add_argument("--stats", help="write cProfile's statistics into this file")
    options = parser.parse_args()
    for limit in ("ANON_SIGNUP_RATE", "NEW_USER_RATE", "CREATE_RATE"):
        os.environ.setdefault(limit, "off")
    os.environ.setdefault("USER_RATE", "1000000/minute")
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        migrate = processes.manage_argv("migrate", "--no-input", "--verbosity", "0")
        stack.run_process("migrate", migrate, processes.migration_environment(stack.environment))
        os.environ.update(processes.server_environment(stack.environment))
        from s3project.wsgi import application

        client = Client(application, stack.environment["GPU_CALLBACK_SECRET"])
        for _ in range(WARM_UP):
            client.lifecycle()
        client.spent.clear()
        report = measure(client, options, {stack.pids["postgres"]: "postgres"})
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        Console().print(as_table(report))
    return 0


def measure(client: Client, options: argparse.Namespace, roots: dict[int, str]) -> dict[str, Any]:
    """Milliseconds of CPU: of requests by name, or of a lifecycle by layer."""
    count = options.lifecycles
    if options.stats:
        import cProfile

        profiler = cProfile.Profile(time.thread_time)
        profiler.runcall(lambda: [client.lifecycle() for _ in range(count)])
        profiler.dump_stats(options.stats)
    if options.layers:
        samples: Counter[str] = Counter()
        signal.signal(signal.SIGPROF, lambda _, frame: samples.update([layer_of(frame)]))
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
    yardsticks: list[float] = []
    before = cpu_seconds(roots)
    for _ in range(count):
        client.lifecycle()
        yardsticks.append(yardstick())
    signal.setitimer(signal.ITIMER_PROF, 0)
    after = cpu_seconds(roots)
    milliseconds = 1 / statistics.median(yardsticks)
    if options.layers:
        total = sum(sum(spent) for spent in client.spent.values())
        scale = milliseconds * total / count / max(sum(samples.values()), 1)
        return {name: number * scale for name, number in samples.most_common()}
    spent = client.spent
    figures = {name: milliseconds * statistics.median(times) for name, times in spent.items()}
    whole = sum(
        figures[name] * len(times) / count
        for name, times in spent.items()
        if not name.startswith("EXTRA")
    )
    database = milliseconds * (after["postgres"] - before["postgres"]) / count
    return {
        **figures,
        "web, a lifecycle": whole,
        "PostgreSQL, all of these": database,
        "(yardstick as it was)": 1000 * statistics.median(yardsticks),
    }


def yardstick() -> float:
    """The seconds of CPU that a fixed piece of work takes, of the kind that a request is."""
    started = time.thread_time()
    for number in range(YARDSTICK_ROUNDS):
        row = {f"key{place}": [place, str(number), None, True] for place in range(12)}
        text = json.dumps(row, separators=(",", ":"))
        assert len(uuid.UUID(int=number).hex) == 32
        assert len(json.loads(text)) == 12
    return time.thread_time() - started


def layer_of(frame: FrameType | None) -> str:
    """The layer of the innermost frame that has one: of the standard library, of whoever calls."""
    if frame is None:
        return OTHER
    file = frame.f_code.co_filename
    for name, parts in LAYERS:
        if any(part in file for part in parts):
            return name
    return OTHER


def as_table(report: dict[str, Any]) -> Table:
    table = Table(header_style="bold")
    table.add_column("")
    table.add_column("CPU ms", justify="right")
    for name, milliseconds in report.items():
        table.add_row(name, f"{milliseconds:.2f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
