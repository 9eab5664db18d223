"""The sweep: due items are sent again, and given up after too many attempts."""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
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

    Safe with several sweeps at once: a job that another one holds is passed over.
    """
    sent = 0
    due_jobs = list(
        JobItem.objects.due()
        .filter(job__status__in=IN_WORK, job__queued_at__lt=Now() - PUBLISH_GRACE)
        .values_list("job_id", flat=True)
        .distinct()[:JOBS_PER_SWEEP]
    )
    for job_id in due_jobs:
        sent += _dispatch_due_items_of(job_id)
    return sent


def _dispatch_due_items_of(job_id: UUID) -> int:
    with transaction.atomic():
        job = JobCoordinator.objects.lock_if_free(job_id)
        if job is None or not job.is_in_work:
            return 0
        due = list(job.items.due().order_by("idx").values_list("idx", "attempt"))
    lost = [idx for idx, attempt in due if attempt >= settings.MAX_ATTEMPTS]
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
    by_attempt: dict[int, list[int]] = {}
    for idx, attempt in due:
        if idx not in lost:
            by_attempt.setdefault(attempt + 1, []).append(idx)
    for attempt, idxs in by_attempt.items():
        if not dispatch.dispatch_items(job, idxs, attempt=attempt):
            return 0
    logger.info("swept %s: %d sent again, %d lost", job.public_id, len(due) - len(lost), len(lost))
    return len(due) - len(lost)
