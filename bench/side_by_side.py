#!/usr/bin/env python3
"""What a lifecycle costs in several checkouts: their stacks side by side, loads in turn.

    .venv/bin/python bench/side_by_side.py ../before . [--turns 16] [-n 40] [-c 8]

A machine that others use has fast minutes and slow ones, so that figures of one minute say nothing
about those of the next. Here a short load goes to each stack in turn, forwards and backwards, and
what each took of CPU (web and PostgreSQL, read from /proc) is set against the first one's of the
same turn. Each checkout brings a `.venv` of its own; `,NAME=value` after a path sets a variable of
its stack. The load is that of `lifecycle.py` here, for all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.table import Table

from bench.lifecycle import cpu_seconds

LOAD = Path(__file__).with_name("lifecycle.py")
LABELS = ("web", "postgres")
WARM_UP = 40
# What each checkout's Python runs until its standard input ends: its own stack, wherever that is
# in its history.
STACK = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
with EmbeddedStack(Path(sys.argv[1])) as stack:
    start_services(stack, worker=False)
    told = {name: stack.environment[name] for name in ("PORT", "GPU_CALLBACK_SECRET")}
    print(json.dumps({**told, "pids": dict(stack.pids)}), flush=True)
    sys.stdin.read()
"""


class Side:
    """One checkout's stack."""

    def __init__(self, given: str, folder: Path) -> None:
        path, *variables = given.split(",")
        self.name = given
        self.spent: list[dict[str, float]] = []
        off = dict.fromkeys(("ANON_SIGNUP_RATE", "CREATE_RATE", "USER_RATE"), "off")
        self._process = subprocess.Popen(
            [str(Path(path).resolve() / ".venv/bin/python"), "-c", STACK, str(folder)],
            cwd=path,
            env={**off, **os.environ, **dict(each.split("=", 1) for each in variables)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._told: dict[str, Any] = json.loads(line)
                return
        raise SystemExit(f"{self.name} did not start.")

    def load(self, lifecycles: int, concurrency: int) -> None:
        roots = {self._told["pids"][label]: label for label in LABELS}
        before = cpu_seconds(roots)
        command = [
            *(sys.executable, str(LOAD), "--dialect", "ours", "--warmup", "0", "--settle", "0"),
            *("--base", f"http://127.0.0.1:{self._told['PORT']}"),
            f"--secret={self._told['GPU_CALLBACK_SECRET']}",
            *("-n", str(lifecycles), "-c", str(concurrency)),
        ]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = cpu_seconds(roots)
        milliseconds = 1000 / lifecycles
        spent = {label: (after[label] - before[label]) * milliseconds for label in LABELS}
        self.spent.append({**spent, "both": sum(spent.values())})

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="+", metavar="PATH[,NAME=value]")
    parser.add_argument("--turns", type=int, default=16)
    parser.add_argument("-n", "--lifecycles", type=int, default=40)
    parser.add_argument("-c", "--concurrency", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sides: list[Side] = []
        try:
            for number, given in enumerate(options.checkouts):
                sides.append(Side(given, Path(folder) / str(number)))
                sides[-1].wait_until_ready()
            for side in sides:
                side.load(WARM_UP, options.concurrency)
                side.spent.clear()
            for turn in range(options.turns):
                for side in sides[:: -1 if turn % 2 else 1]:
                    side.load(options.lifecycles, options.concurrency)
        finally:
            for side in sides:
                side.stop()
    Console().print(as_table(sides))
    return 0


def as_table(sides: list[Side]) -> Table:
    table = Table(title="CPU per lifecycle, ms: medians over the turns", title_justify="left")
    table.add_column("checkout")
    for name in (*LABELS, "both", "least", "of the first", "middle half"):
        table.add_column(name, justify="right")
    for side in sides:
        columns = {name: [each[name] for each in side.spent] for name in (*LABELS, "both")}
        pairs = zip(columns["both"], sides[0].spent, strict=True)
        ratios = sorted(ours / first["both"] for ours, first in pairs)
        quarter = len(ratios) // 4
        table.add_row(
            side.name,
            *(f"{statistics.median(values):.1f}" for values in columns.values()),
            f"{min(columns['both']):.1f}",
            f"{statistics.median(ratios):.3f}",
            f"{ratios[quarter]:.3f}–{ratios[-1 - quarter]:.3f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
