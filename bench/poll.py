#!/usr/bin/env python3
"""What a poll costs: GET /jobs/{id}, with and without If-None-Match.

    .venv/bin/python bench/poll.py [-n 300]

Starts the engines and the API under `.local/bench` (no GPU worker: this program reports the
results), makes jobs of 10 and of 200 photos, and polls each of them n times over one connection:

    created        a new job: an upload URL for every photo
    finished       all photos done: two URLs for each. Nothing is remembered between polls, so
                   each of them costs what the first one does
    … changed      the same with an If-None-Match of an older answer
    … unchanged    the same with the present ETag: 304

CPU is user + system time of the processes, the database's included; latency is what one client
sees on the same machine. The limit of requests is raised, not switched off: its cost is included.
"""

import argparse
import http.client
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import httpx
from rich.console import Console
from rich.table import Table

from bench.lifecycle import cpu_seconds
from s3project.embedded import processes
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
from s3sets import S3Client

WARM_UP = 20
SETTLE_SECONDS = 0.3


@dataclass
class Figures:
    """Of one poll: CPU in ms by process, latency in ms, bytes of the body."""

    cpu: dict[str, float]
    latency: float
    size: int


class Poller:
    """One keep-alive connection, and nothing else that takes time."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        """(status, headers, body)"""
        self._connection.request("GET", path, headers={**self._headers, **headers})
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--polls", type=int, default=300)
    polls = parser.parse_args().polls
    os.environ.setdefault("USER_RATE", "1000000/minute")
    os.environ.setdefault("CREATE_RATE", "off")
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        rows = {
            f"{name}, {photos} photos": figures
            for photos in (10, 200)
            for name, figures in measure(stack, photos, polls).items()
        }
    Console().print(table(rows))
    return 0


def measure(stack: EmbeddedStack, photos: int, polls: int) -> dict[str, Figures]:
    base_url = stack.environment["PUBLIC_BASE_URL"]
    with S3Client(base_url, trust_env=False) as client:
        return measure_with(client, stack, photos, polls)


def measure_with(
    client: S3Client, stack: EmbeddedStack, photos: int, polls: int
) -> dict[str, Figures]:
    user = client.sign_up_anonymously()
    poller = Poller(int(stack.environment["PORT"]), user["token"])
    command = processes.manage_argv("set_plan", user["user_id"], "pro", "--reason", "bench")
    stack.run_process("set_plan", command, processes.server_environment(stack.environment))

    job_id = client.create_job("interior", photos)["job_id"]
    path = f"/jobs/{job_id}"
    found = {"created": poll(stack, poller, path, polls, status=200)}
    client.confirm_upload(job_id)
    client.execute_job(job_id, {})
    secret = {"Authorization": f"Bearer {stack.environment['GPU_CALLBACK_SECRET']}"}
    with httpx.Client(
        base_url=stack.environment["PUBLIC_BASE_URL"], headers=secret, trust_env=False, timeout=30
    ) as worker:
        for idx in range(photos):
            result = {"idx": idx, "status": "done", "idempotency_key": f"{idx}:attempt1"}
            worker.post(f"{path}/callback", json=result).raise_for_status()

    _, headers, _ = poller.get(path)
    found["finished"] = poll(stack, poller, path, polls, status=200)
    found["finished, changed"] = poll(
        stack, poller, path, polls, status=200, **{"If-None-Match": 'W/"older"'}
    )
    found["finished, unchanged"] = poll(
        stack, poller, path, polls, status=304, **{"If-None-Match": headers["ETag"]}
    )
    return found


def poll(
    stack: EmbeddedStack, poller: Poller, path: str, polls: int, *, status: int, **headers: str
) -> Figures:
    for _ in range(WARM_UP):
        poller.get(path, **headers)
    roots = {pid: name for name, pid in stack.pids.items()}
    time.sleep(SETTLE_SECONDS)
    before = cpu_seconds(roots)
    latencies = []
    for _ in range(polls):
        started = time.perf_counter()
        answered, _, body = poller.get(path, **headers)
        latencies.append(time.perf_counter() - started)
        if answered != status:
            raise SystemExit(f"GET {path}: {answered} instead of {status}")
    after = cpu_seconds(roots)
    cpu = {name: (after[name] - before[name]) * 1000 / polls for name in after}
    return Figures(cpu, statistics.median(latencies) * 1000, len(body))


def table(rows: dict[str, Figures]) -> Table:
    result = Table(title="One GET /jobs/{id}", title_justify="left", header_style="bold")
    result.add_column("poll", no_wrap=True)
    for name in ("web CPU ms", "database CPU ms", "latency ms (p50)", "body KB"):
        result.add_column(name, justify="right")
    for name, figures in rows.items():
        result.add_row(
            name,
            f"{figures.cpu['web']:.1f}",
            f"{figures.cpu['postgres']:.1f}",
            f"{figures.latency:.1f}",
            f"{figures.size / 1000:.1f}",
        )
    return result


if __name__ == "__main__":
    sys.exit(main())
