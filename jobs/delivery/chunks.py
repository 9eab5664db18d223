"""What of a job may be sent now: as many chunks as there is room for."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

from jobs.delivery.fair_share import Chunk, next_chunks
from jobs.delivery.leases import reserve
from jobs.models import JobCoordinator

# A reserved item that was not published after all is the sweep's this soon.
RESERVED_FOR = timedelta(seconds=5)


def chunks_that_fit(at_work: int, unsent: Sequence[int]) -> list[Chunk]:
    """What of a job's unsent items may be sent while so many others are at work."""
    window, size = settings.JOB_WINDOW, settings.BATCH_CONCURRENCY
    return next_chunks(unsent, at_work, window=window, size=size)


def reserve_chunks(job: JobCoordinator, *, at_work: int) -> list[Chunk]:
    """The chunks for which there is room by now, kept for it to be dispatched after the commit.

    Belongs under the job's lock.
    """
    room = settings.JOB_WINDOW * settings.BATCH_CONCURRENCY - at_work
    if room < settings.BATCH_CONCURRENCY:
        return []
    unsent = job.items.unsent().order_by("idx").values_list("idx", flat=True)[:room]
    chunks = chunks_that_fit(at_work, list(unsent))
    if chunks:
        reserve(job.id, chunks, lease=RESERVED_FOR)
    return chunks
