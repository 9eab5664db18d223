#!/usr/bin/env python3
"""What watching costs: 1,000 streams of events of 200 jobs in work, through the front.

    .venv/bin/python bench/watchers.py [--watchers 1000] [--jobs 200] [--rate 40] [--seconds 40]

Starts the engines, web, the front and the events process under `.local/bench`; no GPU worker: this
program reports results, `rate` a second over all jobs. The watchers are another process. A change
is seen by a watcher with the first event that counts it; what is printed is the time from the
moment its transaction began, over all pairs of a change and a watcher of its job, and how many of
these pairs were never seen.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console
from rich.table import Table

LISTEN = "--listen"
SETTLE_SECONDS = 5.0


def main() -> int:
    if sys.argv[1:2] == [LISTEN]:
        return asyncio.run(listen_to_all())
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    os.environ.setdefault("USER_RATE", "off")
    # Imported with the addresses of the stack in the environment, which settings are read from.
    from s3project.embedded.services import start_services
    from s3project.embedded.stack import EmbeddedStack

    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        os.environ.update(stack.environment)
        os.environ["S3_STACK"] = "off"
        os.environ["DJANGO_SETTINGS_MODULE"] = "s3project.settings"
        import django

        django.setup()
        rows = measure(stack, options)
    table = Table(title=f"{options.watchers} watchers of {options.jobs} jobs", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
    return 0


def measure(stack: Any, options: argparse.Namespace) -> dict[str, str]:
    import logging

    from bench.lifecycle import cpu_seconds
    from jobs.lifecycle.services import record_item_result
    from jobs.models import ItemResult
    from jobs.states import ItemStatus

    logging.getLogger("jobs").setLevel(logging.WARNING)
    photos = -(-int(options.rate * options.seconds) // options.jobs) + 1
    jobs = make_jobs(options.jobs, photos)
    port = int(stack.environment["PORT"])
    before_rss = resident(stack.pids["events"])
    front_before = resident(stack.pids["front"])
    watched = [jobs[number % len(jobs)] for number in range(options.watchers)]
    clients = subprocess.Popen(
        [sys.executable, __file__, LISTEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert clients.stdin
    assert clients.stdout
    paths = [(job.public_id, url) for job, url in watched]
    clients.stdin.write(json.dumps({"port": port, "paths": paths}) + "\n")
    clients.stdin.flush()
    opened = json.loads(clients.stdout.readline())
    time.sleep(SETTLE_SECONDS)
    rss = resident(stack.pids["events"])
    front_rss = resident(stack.pids["front"])
    roots = {pid: name for name, pid in stack.pids.items()}

    idle = cpu_of(cpu_seconds, roots, lambda: time.sleep(10))
    begun: dict[str, list[float]] = {job.public_id: [] for job, _ in jobs}

    def report_all() -> None:
        started = time.monotonic()
        for number in range(int(options.rate * options.seconds)):
            pause = started + number / options.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            job, _ = jobs[number % len(jobs)]
            idx = number // len(jobs)
            key = f"{job.public_id}:{idx}:attempt1"
            begun[job.public_id].append(time.monotonic())
            record_item_result(
                job_id=job.id,
                result=ItemResult(idx=idx, status=ItemStatus.DONE, idempotency_key=key),
            )

    began = time.monotonic()
    busy = cpu_of(cpu_seconds, roots, report_all)
    took = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)
    clients.stdin.write("enough\n")
    clients.stdin.flush()
    seen = json.loads(clients.stdout.readline())
    clients.wait(30)
    delays, missed = compare(begun, seen)
    delays.sort()
    changes = sum(map(len, begun.values()))

    def at(share: float) -> str:
        return f"{delays[min(int(len(delays) * share), len(delays) - 1)] * 1000:.0f} ms"

    return {
        "changes": f"{changes} in {took:.0f} s",
        "changes seen by all": f"{len(delays)} of {len(delays) + missed}",
        "from its begin to seen, p50": at(0.5),
        "p99": at(0.99),
        "slowest": at(1.0),
        "events process, CPU": f"{busy['events'] / took * 100:.0f} % of a core",
        "idle": f"{idle['events'] / 10 * 100:.0f} %",
        "front, CPU": f"{busy['front'] / took * 100:.0f} %",
        "database, CPU": f"{busy['postgres'] / took * 100:.0f} %",
        "opening them all": f"{opened['seconds']:.1f} s",
        "memory of the events process": f"{rss / 1024:.0f} MiB, {before_rss / 1024:.0f} without",
        "memory for each watcher": f"{(rss - before_rss) / options.watchers:.0f} KiB",
        "of the front, for each": f"{(front_rss - front_before) / options.watchers:.0f} KiB",
    }


def make_jobs(count: int, photos: int) -> list[tuple[Any, str]]:
    """Jobs in work, and the address of the events of each."""
    from jobs.api.job_shapes import events_url
    from jobs.lifecycle import services
    from jobs.lifecycle.selectors import get_job
    from users.credentials import Credential
    from users.models import User
    from users.services import set_plan, sign_up_anonymously

    found = []
    while len(found) < count:
        user: User = sign_up_anonymously().user
        set_plan(user_id=user.id, plan="pro")
        for _ in range(3):
            job, _ = services.create_job(user_id=user.id, preset="interior", item_count=photos)
            services.confirm_upload(user_id=user.id, job_id=job.id, uploads={})
            services.execute_job(user_id=user.id, job_id=job.id, concepts={}, protect=None)
            view = get_job(user_id=user.id, job_id=job.id)
            found.append((job, events_url(view, Credential(user.id))))
    return found[:count]


def cpu_of(cpu_seconds: Any, roots: dict[int, str], run: Any) -> dict[str, float]:
    before = cpu_seconds(roots)
    run()
    after = cpu_seconds(roots)
    return {name: after[name] - before.get(name, 0.0) for name in after}


def resident(pid: int) -> int:
    """KiB of a process and its children, shared pages counted once for each."""
    pids = [pid]
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pids.append(int(line))
    total = 0
    for one in pids:
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def compare(
    begun: dict[str, list[float]], seen: list[tuple[str, list[tuple[int, float]]]]
) -> tuple[list[float], int]:
    """Delays of all pairs of a change and a watcher, and how many were never seen. A watcher has
    seen (photos done, when) as it went on."""
    delays, missed = [], 0
    for job_id, steps in seen:
        place = 0
        for number, moment in enumerate(begun[job_id], 1):
            while place < len(steps) and steps[place][0] < number:
                place += 1
            if place == len(steps):
                missed += 1
            else:
                delays.append(max(steps[place][1] - moment, 0.0))
    return delays, missed


# --- The watchers, in a process of their own ----------------------------------------------------


async def listen_to_all() -> int:
    loop = asyncio.get_running_loop()
    asked = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    started = time.monotonic()
    steps: list[tuple[str, list[tuple[int, float]]]] = [(job, []) for job, _ in asked["paths"]]
    ready = [asyncio.Event() for _ in steps]
    opening = asyncio.Semaphore(50)
    tasks = [
        asyncio.create_task(listen(asked["port"], path, seen, event, opening))
        for (_, path), (_, seen), event in zip(asked["paths"], steps, ready, strict=True)
    ]
    for event in ready:
        await event.wait()
    print(json.dumps({"seconds": time.monotonic() - started}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    print(json.dumps(steps), flush=True)
    return 0


async def listen(
    port: int,
    path: str,
    seen: list[tuple[int, float]],
    ready: asyncio.Event,
    opening: asyncio.Semaphore,
) -> None:
    async with opening:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = b""
        while not (line := await reader.readline()).startswith(b"event: snapshot"):
            head += line
            if not line:
                raise SystemExit(f"{path} was not opened: {head.decode()}")
        ready.set()
    event = b""
    while line := await reader.readline():
        if line.startswith(b"event: "):
            event = line[7:].strip()
        elif event == b"item" and line.startswith(b"data: "):
            seen.append((json.loads(line[6:])["progress"]["done"], time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
