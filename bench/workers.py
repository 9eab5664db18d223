#!/usr/bin/env python3
"""What GPU workers ask of the servers: their claims and callbacks, replayed at a rate.

    .venv/bin/python bench/workers.py [--photos-per-second 25] [--seconds 20]

Starts the engines, the API and maintenance under `.local/bench` (no GPU worker), makes jobs of 200
photos, and then claims chunks of four and reports four results for each, so many photos a second,
as workers with a token would. A set of N workers that need T seconds for a photo asks N / T photos
a second. CPU is that of each process for one photo; `late` is how far the replay fell behind its
rate at the end, which on a machine that is too slow grows without end.
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console

from bench.lifecycle import cpu_seconds
from s3project.embedded import processes
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack

PHOTOS, CHUNK, THREADS = 200, 4, 8
SETTLE_SECONDS = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos-per-second", type=float, default=25)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    for limit in ("ANON_SIGNUP_RATE", "NEW_USER_RATE", "CREATE_RATE", "USER_RATE"):
        os.environ.setdefault(limit, "off")
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        replay(stack, options.photos_per_second, options.seconds)
    return 0


class Caller(threading.local):
    """A keep-alive connection for each thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def data(self, method: str, path: str, bearer: str = "", body: Any = None) -> Any:
        """Raises SystemExit for what is no success."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {raw[:300]!r}")
        return json.loads(raw)["data"]


def replay(stack: EmbeddedStack, rate: float, seconds: float) -> None:
    server = Caller(int(stack.environment["PORT"]))
    secret = stack.environment["GPU_CALLBACK_SECRET"]
    chunks = int(rate * seconds / CHUNK)
    work = [
        (job, start) for job in jobs(stack, server, chunks) for start in range(0, PHOTOS, CHUNK)
    ]
    latencies: dict[str, list[float]] = {"claim": [], "callback": []}

    def call(kind: str, job: str, body: Any) -> None:
        started = time.perf_counter()
        server.data("POST", f"/jobs/{job}/{kind}", secret, body)
        latencies[kind].append(1000 * (time.perf_counter() - started))

    def chunk(job: str, start: int) -> None:
        idxs = list(range(start, start + CHUNK))
        call("claim", job, {"items": idxs, "attempt": 1, "worker": "bench:1", "urls": True})
        for idx in idxs:
            key = f"{job}:{idx}:attempt1"
            call("callback", job, {"idx": idx, "status": "done", "idempotency_key": key})

    time.sleep(SETTLE_SECONDS)
    roots = {pid: name for name, pid in stack.pids.items()}
    before, begun = cpu_seconds(roots), time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        sent = []
        for place, (job, start) in enumerate(work[:chunks]):
            time.sleep(max(0.0, begun + place * CHUNK / rate - time.perf_counter()))
            sent.append(threads.submit(chunk, job, start))
        for one in sent:
            one.result()
    late = time.perf_counter() - begun - chunks * CHUNK / rate
    time.sleep(SETTLE_SECONDS)
    after, photos = cpu_seconds(roots), chunks * CHUNK
    console = Console()
    for name in after:
        console.print(f"{name:12} {1000 * (after[name] - before[name]) / photos:6.2f} ms a photo")
    for kind, times in latencies.items():
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        console.print(f"{kind:12} p50 {p50:.0f} ms, p99 {p99:.0f} ms, {len(times)} of them")
    console.print(f"{photos} photos at {rate} a second, late by {late:.1f} s")


def jobs(stack: EmbeddedStack, server: Caller, chunks: int) -> list[str]:
    """Jobs in work with photos for so many chunks, each of a user of its own."""
    found = []
    environment = processes.server_environment(stack.environment)
    for _ in range(-(-chunks * CHUNK // PHOTOS)):
        user = server.data("POST", "/auth/anon")
        command = processes.manage_argv("set_plan", user["user_id"], "pro", "--reason", "bench")
        stack.run_process("set_plan", command, environment)
        order = {"preset": "interior", "item_count": PHOTOS}
        job = server.data("POST", "/jobs", user["token"], order)["job_id"]
        server.data("POST", f"/jobs/{job}/confirm-upload", user["token"])
        server.data("POST", f"/jobs/{job}/execute", user["token"], {"concepts": {}})
        found.append(job)
    return found


if __name__ == "__main__":
    sys.exit(main())
