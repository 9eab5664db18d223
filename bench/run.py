#!/usr/bin/env python3
"""`make bench`: the lifecycle load of lifecycle.py against a stack of its own.

    .venv/bin/python bench/run.py [-n 200] [-c 8] [--runs 3]

Starts the engines, the API and maintenance (no GPU worker: the load plays it) under
`.local/bench`, runs the load, and prints CPU per lifecycle by process, lifecycles per second and
the latency of every endpoint. Figures are medians over the runs. Rate limits are off unless set
in the environment: all sign-ups come from one address. The load speaks HTTP itself: the client that
customers use would take cores from the server that is measured, and add to its latencies.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console
from rich.table import Table

from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", "--lifecycles", type=int, default=200)
    parser.add_argument("-c", "--concurrency", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for limit in ("ANON_SIGNUP_RATE", "CREATE_RATE", "USER_RATE"):
        os.environ.setdefault(limit, "off")
    with EmbeddedStack(PROJECT / ".local" / "bench") as stack:
        start_services(stack, worker=False)
        report = run_load(stack, options)
    console = Console()
    console.print(cpu_table(report))
    console.print(latency_table(report))
    console.print(
        f"{report['lifecycles_per_s']:.1f} lifecycles/s, {report['requests_per_s']:.0f} requests/s "
        f"at concurrency {report['concurrency']}; median of {report['runs']} runs of "
        f"{report['completed']:.0f} lifecycles (18 requests, 10 items each) "
        f"on {os.cpu_count()} cores that also run the load"
    )
    if report["errors"]:
        console.print(f"errors: {report['errors']}", style="red")
    return 1 if report["errors"] else 0


def run_load(stack: EmbeddedStack, options: argparse.Namespace) -> dict[str, Any]:
    """Runs lifecycle.py as a process of its own and returns its report."""
    pids = ",".join(f"{name}={pid}" for name, pid in stack.pids.items())
    command = [
        *(sys.executable, str(PROJECT / "bench" / "lifecycle.py"), "--dialect", "ours"),
        *("--base", f"http://127.0.0.1:{stack.environment['PORT']}"),
        # In one word: a secret may begin with a hyphen, as options do.
        f"--secret={stack.environment['GPU_CALLBACK_SECRET']}",
        *("-n", str(options.lifecycles), "-c", str(options.concurrency)),
        *("--runs", str(options.runs), "--pids", pids),
    ]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    report: dict[str, Any] = json.loads(answer.stdout)
    return report


def cpu_table(report: dict[str, Any]) -> Table:
    table = Table(title="CPU per lifecycle", title_justify="left", header_style="bold")
    table.add_column("process")
    table.add_column("ms", justify="right")
    for name, milliseconds in report["cpu_ms_per_lifecycle"].items():
        style = "bold" if name == "total" else None
        table.add_row(name, f"{milliseconds:.1f}", style=style)
    return table


def latency_table(report: dict[str, Any]) -> Table:
    table = Table(title="Latency in ms", title_justify="left", header_style="bold")
    table.add_column("endpoint")
    for name in ("p50", "p95", "p99", "max"):
        table.add_column(name, justify="right")
    for endpoint, figures in report["latency_ms"].items():
        table.add_row(endpoint, *(f"{figures[k]:.1f}" for k in ("p50", "p95", "p99", "max")))
    return table


if __name__ == "__main__":
    sys.exit(main())
