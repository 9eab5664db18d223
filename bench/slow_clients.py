"""What slow clients cost the others: latencies of `GET /health` while so many of them are held.

    .venv/bin/python bench/slow_clients.py -n 200

Starts a stack of its own under `.local/bench`. The same requests go to the front, as clients reach
it, and for comparison to a web process without one (`--bare`, on a port of its own).
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import requests

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from rich.console import Console
from rich.table import Table

from s3project.embedded import processes
from s3project.embedded.ports import HOST, free_port
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
from s3project.embedded.web_probe import web_answers
from s3project.testing.slow_clients import KINDS, slow_clients

LOOKS = 100
WARM_UP = 30
PAUSE_SECONDS = 0.05
GIVE_UP_SECONDS = 5


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--number", type=int, default=200)
    parser.add_argument("--bare", action="store_true", help="also without the front")
    options = parser.parse_args()
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        ports = {"front": int(stack.environment["PORT"])}
        if options.bare:
            ports["web alone"] = start_bare(stack)
        for port in ports.values():
            for _ in range(WARM_UP):
                requests.get(f"http://{HOST}:{port}/health", timeout=30)
        rows = [
            (place, kind, *measure(port, kind, options.number))
            for place, port in ports.items()
            for kind in ("nobody", *KINDS)
        ]
    Console().print(table(rows, options.number))
    return 0


def start_bare(stack: EmbeddedStack) -> int:
    port = free_port()
    web = stack.start_process(
        "bare",
        processes.web_argv(processes.at_port(HOST, str(port))),
        processes.server_environment(stack.environment),
    )
    wait_until_ready(web, lambda: web_answers(port))
    return port


def measure(port: int, kind: str, number: int) -> tuple[str, str, str]:
    with slow_clients(port, kind if kind in KINDS else next(iter(KINDS)), number * (kind in KINDS)):
        time.sleep(0.5)
        found, unanswered = [], 0
        for _ in range(LOOKS):
            started = time.perf_counter()
            try:
                requests.get(f"http://{HOST}:{port}/health", timeout=GIVE_UP_SECONDS)
            except requests.RequestException:
                unanswered += 1
                if unanswered == 3:
                    break
            else:
                found.append((time.perf_counter() - started) * 1000)
            time.sleep(PAUSE_SECONDS)
    if len(found) < 2:
        return "–", "–", str(unanswered)
    p99 = statistics.quantiles(found, n=100)[98]
    return f"{statistics.median(found):.1f}", f"{p99:.1f}", str(unanswered)


def table(rows: list[tuple[str, str, str, str, str]], number: int) -> Table:
    result = Table(title=f"GET /health beside {number} slow clients", title_justify="left")
    for name in ("reached at", "slow clients", "p50 ms", "p99 ms", "unanswered"):
        result.add_column(name)
    for row in rows:
        result.add_row(*row)
    return result


if __name__ == "__main__":
    sys.exit(main())
