"""Which chunks of a job go to the broker, and how urgent each is (docs/adr/0008-fair-share.md).

A job has a bounded number of chunks at work: sent, and with photos that are not reported yet. The
next ones follow as results arrive. The fewer of its photos were sent before a chunk, the sooner the
chunk is served: a set that has just begun goes before what is left of a large one, and sets that
are equally far take turns.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from jobs.limits import USUAL_MS

# Level 0 is served first. A broker message knows ten, 0 to 9.
LEVELS = 10


class Chunk(NamedTuple):
    """Items that travel in one message."""

    attempt: int
    idxs: tuple[int, ...]


class LostItem(NamedTuple):
    """An item that was sent and that nobody works on; `attempt` is the next one."""

    attempt: int
    idx: int


def level_of(idx: int, *, size: int, weight: int, overtime_ms: int = 0) -> int:
    """The urgency of the chunk that begins with `idx`, in a job that is sent by `size`.

    Each level holds as many chunks as all before it together, from the third on. A job of weight
    2 counts as having had half of what it had. Time beyond what photos usually take, of all its
    user's jobs of late, counts as the photos that it would have been enough for.
    """
    served = (idx + overtime_ms // USUAL_MS) // size // weight
    return min(served, 2 + (served // 3).bit_length(), LEVELS - 1)


def next_chunks(unsent: Sequence[int], at_work: int, *, window: int, size: int) -> list[Chunk]:
    """The chunks of up to `size` items that fit beside `at_work` items, where `window` chunks may
    be at work.
    """
    room = window * size - at_work
    starts = range(0, min(len(unsent), room - room % size), size)
    return [Chunk(1, tuple(unsent[start : start + size])) for start in starts]


def send_again(lost: Iterable[LostItem], *, size: int) -> list[Chunk]:
    """The chunks for what was lost.

    A photo that a worker was lost with goes alone from then on: should it be the one that kills
    workers, it takes no neighbour along.
    """
    chunks: list[Chunk] = []
    for attempt, items in groupby(sorted(lost), key=lambda item: item.attempt):
        idxs = [item.idx for item in items]
        step = size if attempt == 1 else 1
        starts = range(0, len(idxs), step)
        chunks += [Chunk(attempt, tuple(idxs[start : start + step])) for start in starts]
    return chunks
