"""The sweep: the photos of a worker that died, and of a message that got lost, are sent again, and
given up when too many workers were lost with them (architecture §3).

An attempt is a worker that took an item and was lost with it. A message that nobody has claimed is
sent again as the same attempt: it was lost, or the queue is longer than its lease, and neither says
anything about the photo.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from jobs.delivery.chunks import chunks_that_fit
from jobs.delivery.dispatch import dispatch_chunks
from jobs.delivery.fair_share import Chunk, LostItem, send_again
from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, JobItem
from jobs.result_keys import WORKER_LOST, given_up_key
from jobs.states import IN_WORK, ItemStatus
from s3project import ids
from s3project.logs.context import about

logger = logging.getLogger(__name__)

# /execute publishes by itself; the sweep leaves it this long before it helps.
PUBLISH_GRACE = timedelta(seconds=5)
JOBS_PER_SWEEP = 200


def dispatch_due_items() -> int:
    """Sends again what nobody works on; fails what too many workers were lost with, or what nobody
    came for. Returns the items sent.

    Safe with several sweeps at once: a job that another one holds is passed over, and what both
    send costs a worker one claim. While the broker is away items are still given up.
    """
    sent = 0
    broker_answers = True
    for job_id in _due_jobs():
        with about(job=ids.public_id(ids.JOB, job_id)):
            try:
                stock = _take_stock(job_id)
            except DatabaseError:
                # The user's limiter was busy for too long, or the row is odd: the others must not
                # wait for this one.
                logger.exception("job %s could not be swept", job_id)
                if not connection.is_usable():
                    raise
                continue
            if stock is None:
                continue
            job, chunks = stock
            if broker_answers and chunks:
                count = dispatch_chunks(job, chunks)
                broker_answers = count == sum(len(chunk.idxs) for chunk in chunks)
                sent += count
                logger.info("sent %d photos of %s: %s", count, job.public_id, _said(chunks))
    return sent


def _said(chunks: Sequence[Chunk]) -> str:
    return ", ".join(f"{list(chunk.idxs)} attempt {chunk.attempt}" for chunk in chunks)


def _due_jobs() -> list[UUID]:
    """Those that wait for the sweep, executed first come first: with items that were sent and are
    due again, or with unsent ones and no result to come that would send them.
    """
    items = JobItem.objects.filter(job=OuterRef("pk"))
    jobs = JobCoordinator.objects.filter(
        Exists(items.due().at_work()) | Exists(items.unsent()) & ~Exists(items.at_work()),
        status__in=IN_WORK,
        queued_at__lt=Now() - PUBLISH_GRACE,
    )
    return list(jobs.order_by("queued_at").values_list("pk", flat=True)[:JOBS_PER_SWEEP])


@transaction.atomic
def _take_stock(job_id: UUID) -> tuple[JobCoordinator, list[Chunk]] | None:
    """Fails the due items of a job that were lost too often; returns what is to be sent. None
    for a job that is locked or no longer in work."""
    job = JobCoordinator.objects.lock_if_free(job_id)
    if job is None or not job.is_in_work:
        return None
    # A queue that brought no result of the job for this long is not read by anybody.
    patience = settings.MAX_ATTEMPTS * settings.QUEUE_LEASE
    due = job.items.due().at_work().annotate(forgotten=Q(job__updated_at__lt=Now() - patience))
    given_up: list[int] = []
    lost: list[LostItem] = []
    rows = due.order_by("idx").values_list("idx", "attempt", "claimed_by", "forgotten")
    for idx, attempt, claimed_by, forgotten in rows:
        if attempt >= settings.MAX_ATTEMPTS if claimed_by else forgotten:
            given_up.append(idx)
        else:
            lost.append(LostItem(attempt + 1 if claimed_by else attempt, idx))
    for idx in given_up:
        services.record_item_result(
            job_id=job_id,
            result=ItemResult(
                idx=idx,
                status=ItemStatus.FAILED,
                idempotency_key=given_up_key(job.public_id, idx, WORKER_LOST),
                error=WORKER_LOST,
                held_ms=round(1000 * settings.WORK_LEASE.total_seconds()),
            ),
        )
    if given_up:
        logger.warning("gave up %s %s: no worker came through", job.public_id, given_up)
    again = send_again(lost, size=settings.BATCH_CONCURRENCY)
    # What was given up may have made room, and more may be on its way for it.
    unsent = list(job.items.unsent().order_by("idx").values_list("idx", flat=True))
    more = chunks_that_fit(job.items.at_work().count(), unsent) if unsent else []
    return job, [*again, *more]
