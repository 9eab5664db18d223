#!/usr/bin/env python3
"""What GPU workers ask of the servers: their claims and callbacks, replayed in their time.

    .venv/bin/python bench/workers.py [--workers 1000] [--seconds-a-photo 10] [--seconds 60]

Starts the engines, the API and maintenance under `.local/bench` (no GPU worker) and makes jobs of
200 photos. Each worker has a connection of its own, claims four photos with the URLs of them, and
reports one each time that it would have edited it, as a worker with a token does. CPU is that of
each process for one photo, from when all workers are at work; `late` is how far the replay was
behind its time at the end, which on a machine that is too slow grows without end.
"""

import argparse
import http.client
import json
import math
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console

from bench.lifecycle import cpu_seconds
from s3project.embedded import processes
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack

PHOTOS, CHUNK, THREADS = 200, 4, 16
SETTLE_SECONDS = 2.0
# A job, and four of its photos.
Chunk = tuple[str, tuple[int, ...]]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds-a-photo", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    for limit in ("ANON_SIGNUP_RATE", "NEW_USER_RATE", "CREATE_RATE", "USER_RATE"):
        os.environ.setdefault(limit, "off")
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        replay(stack, options.workers, options.seconds_a_photo, options.seconds)
    return 0


class Caller:
    """A connection that is kept, and used by one thread at a time."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.lock = threading.Lock()

    def data(self, method: str, path: str, bearer: str = "", body: Any = None) -> Any:
        """Raises SystemExit for what is no success."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {raw[:300]!r}")
        return json.loads(raw)["data"]


@dataclass(frozen=True, order=True)
class Ask:
    """What a worker sends at a moment, in seconds: a claim of the photos, or the result of one."""

    at: float
    worker: int
    kind: str
    job: str
    idxs: tuple[int, ...]


def asks(workers: int, seconds_a_photo: float, seconds: float, work: Iterator[Chunk]) -> list[Ask]:
    """In the order of their moments. The workers begin at any time of the first chunk."""
    found = []
    turn = CHUNK * seconds_a_photo
    chance = random.Random(1)
    for worker in range(workers):
        at = chance.uniform(0, turn)
        while at < turn + seconds:
            job, idxs = next(work)
            found.append(Ask(at, worker, "claim", job, idxs))
            for place, idx in enumerate(idxs, start=1):
                found.append(Ask(at + place * seconds_a_photo, worker, "callback", job, (idx,)))
            at += turn
    return sorted(found)


def replay(stack: EmbeddedStack, workers: int, seconds_a_photo: float, seconds: float) -> None:
    port = int(stack.environment["PORT"])
    secret = stack.environment["GPU_CALLBACK_SECRET"]
    callers = [Caller(port) for _ in range(workers)]
    begin = CHUNK * seconds_a_photo
    chunks = workers * math.ceil((begin + seconds) / begin)
    asked = asks(workers, seconds_a_photo, seconds, chunks_of(jobs(stack, Caller(port), chunks)))
    latencies: dict[str, list[float]] = {"claim": [], "callback": []}

    def send(ask: Ask, due: float) -> None:
        body: dict[str, Any] = {"items": ask.idxs, "attempt": 1, "worker": f"bench:{ask.worker}"}
        if ask.kind == "claim":
            body["urls"] = True
        else:
            (idx,) = ask.idxs
            key = f"{ask.job}:{idx}:attempt1"
            body = {"idx": idx, "status": "done", "idempotency_key": key}
        caller = callers[ask.worker]
        with caller.lock:
            started = time.perf_counter()
            caller.data("POST", f"/jobs/{ask.job}/{ask.kind}", secret, body)
            ended = time.perf_counter()
        if ask.at >= begin:
            latencies[ask.kind].append(1000 * (ended - started))
            late.append(ended - due)

    roots = {pid: name for name, pid in stack.pids.items()}
    late: list[float] = []
    before: dict[str, float] = {}
    time.sleep(SETTLE_SECONDS)
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        sent = []
        for ask in asked:
            if ask.at >= begin + seconds:
                break
            due = begun + ask.at
            time.sleep(max(0.0, due - time.perf_counter()))
            if ask.at >= begin and not before:
                before = cpu_seconds(roots)
            sent.append(threads.submit(send, ask, due))
        for one in sent:
            one.result()
    after, photos = cpu_seconds(roots), len(latencies["callback"])
    console = Console()
    for name in after:
        console.print(f"{name:12} {1000 * (after[name] - before[name]) / photos:6.2f} ms a photo")
    for kind, times in latencies.items():
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        console.print(f"{kind:12} p50 {p50:.0f} ms, p99 {p99:.0f} ms, {len(times)} of them")
    console.print(
        f"{photos} photos by {workers} workers, {photos / seconds:.0f} a second; "
        f"late at the end by {statistics.median(late[-len(late) // 10 :]):.2f} s"
    )


def chunks_of(found: list[str]) -> Iterator[Chunk]:
    for job in found:
        for start in range(0, PHOTOS, CHUNK):
            yield job, tuple(range(start, start + CHUNK))


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
