#!/usr/bin/env python3
"""What a long history costs: every request and every page of operators on two databases.

    .venv/bin/python bench/growth.py SMALL LARGE [--rounds 15] [--only TEXT] [--markdown]

SMALL and LARGE are databases that `bench/history.py` filled, by their names beside the database of
the stack that runs, whose broker and storage are used; the maintenance process must not run on
them. One process each calls the application directly; they take turns, so that other work on the
machine meets both alike. A figure is the CPU of the request's thread and of its database backend
together, the median of the rounds; *wall* is the fastest of them, since others slow down the rest.
The user of all requests is the one with the most jobs. Cases whose answers have not as many bytes
on both sides, by a half, are marked with `≠`: they are not the same page.

It exits with 1 where an aim is missed twice: 1.2 times as much for a request of the API, 3 for a
page of the admin, a second for either; and where a documented operation has no case.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from rich.console import Console
from rich.table import Table

from s3project.embedded import processes
from s3project.running_stack import running_stack

# The sixth time a statement is prepared; pages of the admin prepare hardly any.
WARM_UP = {"api": 6, "admin": 1}
AIMS = {"api": 1.2, "admin": 3.0}
SLOWEST = 1.0
# So many milliseconds more are no growth that anybody could measure here.
NOISE = 0.3
# Answers that differ by more are of another content.
SAME = 1.5


@dataclass(frozen=True)
class Sample:
    """Milliseconds: of the thread, of the backend, on the wall; bytes of the answer."""

    web: float
    database: float
    wall: float
    size: int


class Refused(Exception):
    """A case was answered with no success."""


class Side:
    """The process of one database."""

    def __init__(self, database: str) -> None:
        stack = {**running_stack(PROJECT), **os.environ}
        url = database
        if "://" not in database:
            url = urlsplit(stack["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        environment = processes.server_environment({**stack, "DATABASE_URL": url})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.growth_side"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        answer = self._answer()
        self.names: list[str] = answer["names"]
        self.left_out: list[str] = answer["left_out"]

    def ask(self, name: str) -> Sample:
        """Runs a case once."""
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if isinstance(answer, str):
            raise Refused(answer)
        return Sample(*answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The process of a database ended: see above.")
        return json.loads(line)


@dataclass(frozen=True)
class Case:
    name: str
    small: float
    large: float
    wall: float
    sizes: tuple[int, int]

    @property
    def mark(self) -> str:
        if self.is_missed:
            return "!"
        return " " if max(self.sizes) <= SAME * min(self.sizes) else "≠"

    @property
    def ratio(self) -> float:
        return self.large / self.small

    @property
    def is_missed(self) -> bool:
        aim = AIMS[self.name.split()[0]]
        has_grown = self.ratio > aim and self.large - self.small > NOISE
        return has_grown or self.wall > SLOWEST * 1000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("small")
    parser.add_argument("large")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    small, large = Side(options.small), Side(options.large)
    names = [name for name in small.names if name in large.names and options.only in name]
    cases = []
    refused = 0
    for operation in large.left_out:
        print(f"x {operation}: it has no case", file=sys.stderr)
    for name in names:
        try:
            cases.append(settled(name, small, large, options.rounds))
        except Refused as answer:
            refused += 1
            print(f"x {name}: {answer}", file=sys.stderr)
            continue
        one = cases[-1]
        print(
            f"{one.mark} {one.small:8.2f} {one.large:9.2f} {one.ratio:6.2f}  {name}",
            file=sys.stderr,
        )
    small.close()
    large.close()
    if options.markdown:
        print(as_markdown(cases))
    else:
        Console().print(as_table(cases))
    is_missed = refused or large.left_out or any(case.is_missed for case in cases)
    return 1 if is_missed else 0


def settled(name: str, small: Side, large: Side, rounds: int) -> Case:
    """What misses an aim is measured once more: a pause of the machine may have met one side alone,
    and what has grown has grown the second time too."""
    case = measure(name, small, large, rounds)
    if not case.is_missed:
        return case
    return min(case, measure(name, small, large, rounds), key=lambda one: one.ratio)


def measure(name: str, small: Side, large: Side, rounds: int) -> Case:
    slow = False
    kind = name.split()[0]
    for _ in range(WARM_UP[kind]):
        small.ask(name)
        slow = large.ask(name).wall > SLOWEST * 1000
        if slow:
            break
    pairs = [
        (small.ask(name), large.ask(name)) for _ in range(3 if slow or kind == "admin" else rounds)
    ]
    return Case(
        name,
        *(
            statistics.median(pair[side].web + pair[side].database for pair in pairs)
            for side in (0, 1)
        ),
        wall=min(pair[1].wall for pair in pairs),
        sizes=(pairs[-1][0].size, pairs[-1][1].size),
    )


def as_table(cases: list[Case]) -> Table:
    table = Table(header_style="bold")
    table.add_column("")
    for heading in ("small, CPU ms", "large, CPU ms", "ratio", "large, wall ms", "bytes", "bytes"):
        table.add_column(heading, justify="right")
    for case in cases:
        style = "red" if case.is_missed else None
        table.add_row(case.name, *_figures(case), style=style)
    return table


def as_markdown(cases: list[Case]) -> str:
    rows = (f"| {case.name} | {' | '.join(_figures(case))} |" for case in cases)
    return "\n".join(
        ("| | small | large | ratio | wall | bytes | bytes |", "|---|" + 6 * "---:|", *rows)
    )


def _figures(case: Case) -> tuple[str, ...]:
    return (
        f"{case.small:.2f}",
        f"{case.large:.2f}",
        f"{case.ratio:.2f}",
        f"{case.wall:.1f}",
        *map(str, case.sizes),
    )


if __name__ == "__main__":
    sys.exit(main())
