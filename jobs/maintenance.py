"""The sweep: due items are sent again, and given up after too many attempts.

An attempt is a worker that took an item and was lost with it. A message that nobody has claimed is
sent again as the same attempt: it was lost, or the queue is longer than its lease, and neither says
anything about the photo.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from jobs import dispatch, services
from jobs.models import ItemResult, JobCoordinator, JobItem
from jobs.states import IN_WORK, ItemStatus

logger = logging.getLogger(__name__)

# /execute publishes by itself; the sweep leaves it this long before it helps.
PUBLISH_GRACE = timedelta(seconds=5)
JOBS_PER_SWEEP = 200

WORKER_LOST = "worker_lost"


def dispatch_due_items() -> int:
    """Sends again what nobody works on; fails what was sent too often. Returns the items sent.

    Safe with several sweeps at once: a job that another one holds is passed over, and what both
    send costs a worker one claim. While the broker is away items are still given up.
    """
    sent = 0
    broker_answers = True
    for job_id in _due_jobs():
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
        job, attempts = stock
        for attempt, idxs in attempts.items():
            if broker_answers and dispatch.dispatch_items(job, idxs, attempt=attempt):
                sent += len(idxs)
                logger.info("sent %s %s again, attempt %d", job.public_id, idxs, attempt)
            else:
                broker_answers = False
    return sent


def _due_jobs() -> list[UUID]:
    """Those with due items, executed first come first."""
    due = JobItem.objects.due().filter(job=OuterRef("pk"))
    jobs = JobCoordinator.objects.filter(
        Exists(due), status__in=IN_WORK, queued_at__lt=Now() - PUBLISH_GRACE
    )
    return list(jobs.order_by("queued_at").values_list("pk", flat=True)[:JOBS_PER_SWEEP])


@transaction.atomic
def _take_stock(job_id: UUID) -> tuple[JobCoordinator, dict[int, list[int]]] | None:
    """Fails the due items of a job that were lost too often; returns the others by the attempt
    as which they are to be sent. None for a job that is locked or no longer in work."""
    job = JobCoordinator.objects.lock_if_free(job_id)
    if job is None or not job.is_in_work:
        return None
    # A queue that brought no result of the job for this long is not read by anybody.
    patience = settings.MAX_ATTEMPTS * settings.QUEUE_LEASE
    due = job.items.due().annotate(forgotten=Q(job__updated_at__lt=Now() - patience))
    lost: list[int] = []
    attempts: dict[int, list[int]] = {}
    rows = due.order_by("idx").values_list("idx", "attempt", "claimed_by", "forgotten")
    for idx, attempt, claimed_by, forgotten in rows:
        given_up = attempt >= settings.MAX_ATTEMPTS if claimed_by else attempt > 0 and forgotten
        if given_up:
            lost.append(idx)
        else:
            attempts.setdefault(attempt + 1 if claimed_by else max(attempt, 1), []).append(idx)
    for idx in lost:
        services.record_item_result(
            job_id=job_id,
            result=ItemResult(
                idx=idx,
                status=ItemStatus.FAILED,
                idempotency_key=f"{job.public_id}:{idx}:{WORKER_LOST}",
                error=WORKER_LOST,
            ),
        )
    if lost:
        logger.warning("gave up %s %s: no worker came through", job.public_id, lost)
    return job, attempts
