"""Workers, a broker's levels and jobs that come at random, in a time of their own.

What decides in production decides here (`jobs/delivery/fair_share.py`), and the queue is what a
broker has, a list for each level: so it knows who is served before whom without any SQL.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from jobs.delivery.fair_share import LEVELS, Chunk, level_of, next_chunks

CHUNK = 4
WINDOW = 16
SECONDS_PER_PHOTO = 2.0


@dataclass(eq=False)
class SimulatedJob:
    items: int
    arrival: float
    unsent: list[int]
    at_work: int = 0
    in_hand: set[int] = field(default_factory=set)
    # idx → when it was sent.
    waiting: dict[int, float] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    finished: float | None = None


class Simulation:
    def __init__(self, seed: int, *, workers: int, jobs: int, every: float) -> None:
        self._choose = random.Random(seed)
        self.now = 0.0
        self.jobs: list[SimulatedJob] = []
        self._levels: list[deque[tuple[SimulatedJob, Chunk]]] = [deque() for _ in range(LEVELS)]
        self._free = workers
        self._happening: list[tuple[float, int, str, SimulatedJob, tuple[int, ...]]] = []
        arrival = 0.0
        for number in range(jobs):
            arrival += self._choose.expovariate(1 / every)
            items = self._choose.choice([1, 3, 5, 8, 10, 10, 20, 40])
            job = SimulatedJob(items, arrival, list(range(items)))
            heapq.heappush(self._happening, (arrival, number, "arrives", job, ()))
        self._number = jobs

    def run(self) -> Iterator[None]:
        """Yields after everything that happens."""
        while self._happening:
            self.now, _, what, job, idxs = heapq.heappop(self._happening)
            if what == "arrives":
                self.jobs.append(job)
            else:
                self._report(job, idxs)
            self._send(job)
            self._take()
            yield

    def in_work(self) -> list[SimulatedJob]:
        return [job for job in self.jobs if job.finished is None]

    def ahead_of(self, job: SimulatedJob) -> int:
        """Photos of others in the broker's lists before the first of the job's."""
        count = 0
        for level in self._levels:
            for other, chunk in level:
                if other is job:
                    return count
                count += len(chunk.idxs)
        return 0

    def _send(self, job: SimulatedJob) -> None:
        for chunk in next_chunks(job.unsent, job.at_work, window=WINDOW, size=CHUNK):
            job.at_work += len(chunk.idxs)
            job.unsent = job.unsent[len(chunk.idxs) :]
            level = level_of(chunk.idxs[0], size=CHUNK, weight=1)
            self._levels[level].append((job, chunk))
            for idx in chunk.idxs:
                # All of a job that is sent at once has one lease.
                job.waiting[idx] = self.now

    def _take(self) -> None:
        while self._free and any(self._levels):
            level = next(level for level in self._levels if level)
            job, chunk = level.popleft()
            self._free -= 1
            for idx in chunk.idxs:
                del job.waiting[idx]
            job.in_hand |= set(chunk.idxs)
            self._work_on(job, chunk.idxs)

    def _work_on(self, job: SimulatedJob, idxs: tuple[int, ...]) -> None:
        """The first of these, and the others after it."""
        self._number += 1
        until = self.now + SECONDS_PER_PHOTO * self._choose.uniform(0.6, 1.4)
        heapq.heappush(self._happening, (until, self._number, "result", job, idxs))

    def _report(self, job: SimulatedJob, idxs: tuple[int, ...]) -> None:
        job.in_hand.remove(idxs[0])
        job.done.append(idxs[0])
        job.at_work -= 1
        if len(job.done) == job.items:
            job.finished = self.now
        if len(idxs) > 1:
            self._work_on(job, idxs[1:])
        else:
            self._free += 1
