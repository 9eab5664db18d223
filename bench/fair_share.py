#!/usr/bin/env python3
"""How long a small set waits beside large ones: our dispatch against first come, first served.

    .venv/bin/python bench/fair_share.py [--runs 300]

A simulation with the code that decides in production (`jobs/delivery/fair_share.py`), seeded and
without a clock. Large jobs of 200 photos are at work when a set of 10 arrives at a random moment.
A photo takes 0.7 to 1.3 *item times* of a worker, chunks of four go to whichever worker is free.
`wait` is from the arrival to the first photo that a worker takes up, `set` to the last result.
"""

import argparse
import heapq
import random
import statistics
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.table import Table

from jobs.delivery.fair_share import LEVELS, Chunk, level_of, next_chunks

CHUNK = 4
WINDOW = 16
LARGE, SMALL = 200, 10
EVERYTHING = 10_000  # chunks: a window that holds every job
WEIGHTS = {"free": 1, "pro": 2}


@dataclass
class Job:
    items: int
    weight: int
    arrival: float
    unsent: list[int] = field(default_factory=list)
    at_work: int = 0
    started: float | None = None
    finished: float = 0.0
    done: int = 0


@dataclass
class Queue:
    """The broker's lists, one for each level; with `fair` off there is one, and no slots."""

    fair: bool
    levels: list[deque[tuple[Job, Chunk]]] = field(
        default_factory=lambda: [deque() for _ in range(LEVELS)]
    )

    def send(self, job: Job) -> None:
        window = WINDOW if self.fair else EVERYTHING
        for chunk in next_chunks(job.unsent, job.at_work, window=window, size=CHUNK):
            job.at_work += len(chunk.idxs)
            level = level_of(chunk.idxs[0], size=CHUNK, weight=job.weight) if self.fair else 0
            self.levels[level].append((job, chunk))
        del job.unsent[: job.at_work + job.done - (job.items - len(job.unsent))]

    def take(self) -> tuple[Job, Chunk] | None:
        return next((level.popleft() for level in self.levels if level), None)


def run(jobs: list[Job], workers: int, *, fair: bool, chance: random.Random) -> None:
    """Until every job is done."""
    queue, idle = Queue(fair), workers
    # (moment, order, what): arrivals and ends of chunks
    events: list[tuple[float, int, Job, Chunk | None]] = [
        (job.arrival, number, job, None) for number, job in enumerate(jobs)
    ]
    heapq.heapify(events)
    number = len(jobs)
    while events:
        now, _, job, chunk = heapq.heappop(events)
        if chunk is None:
            job.unsent.extend(range(job.items))
        else:
            idle += 1
            job.at_work -= len(chunk.idxs)
            job.done += len(chunk.idxs)
            job.finished = now
        queue.send(job)
        while idle and (found := queue.take()):
            job, chunk = found
            job.started = now if job.started is None else job.started
            lasts = sum(chance.uniform(0.7, 1.3) for _ in chunk.idxs)
            number, idle = number + 1, idle - 1
            heapq.heappush(events, (now + lasts, number, job, chunk))
    assert all(job.done == job.items for job in jobs)


def arrivals(workers: int, large: int, *, fair: bool, runs: int) -> tuple[list[float], list[float]]:
    """Waits and durations of a small set, over `runs` random moments."""
    waits, durations = [], []
    for seed in range(runs):
        chance = random.Random(seed)
        # All at work for a while already, none near its end.
        moment = chance.uniform(0.2, 0.6) * LARGE * large / workers
        jobs = [Job(LARGE, WEIGHTS["pro"], chance.uniform(0, 1)) for _ in range(large)]
        small = Job(SMALL, WEIGHTS["free"], moment)
        run([*jobs, small], workers, fair=fair, chance=chance)
        assert small.started is not None
        waits.append(small.started - moment)
        durations.append(small.finished - moment)
    return waits, durations


def alone(workers: int) -> float:
    """The share of its time that a lone large job keeps the workers busy."""
    job = Job(LARGE, WEIGHTS["free"], 0)
    run([job], workers, fair=True, chance=random.Random(1))
    return LARGE / workers / job.finished


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300)
    options = parser.parse_args()
    table = Table(title="A set of 10 beside sets of 200, in item times", title_justify="left")
    for name in ("workers", "large sets"):
        table.add_column(name, justify="right")
    for policy in ("fair", "first come"):
        for name in ("wait p50", "p99", "set p50", "p99"):
            table.add_column(f"{policy}\n{name}", justify="right")
    for workers in (1, 2, 4, 8):
        for large in (1, 3, 10):
            figures: list[float] = []
            for fair in (True, False):
                for values in arrivals(workers, large, fair=fair, runs=options.runs):
                    cuts = statistics.quantiles(values, n=100)
                    figures += [cuts[49], cuts[98]]
            table.add_row(str(workers), str(large), *(f"{figure:.1f}" for figure in figures))
    console = Console(width=110)
    console.print(table)
    for workers in (4, 8, 16):
        console.print(
            f"a lone set of 200 keeps {workers} workers busy {alone(workers):.0%} of the time"
        )


if __name__ == "__main__":
    main()
