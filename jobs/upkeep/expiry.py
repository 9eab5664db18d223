"""Abandoned work ends by itself and is refunded (contract §1.5), so that no job and no slot is
held for ever.

| status | ends when | how |
|---|---|---|
| created | so since CREATED_EXPIRES_AFTER | canceled |
| uploaded | so since UPLOADED_EXPIRES_AFTER | canceled |
| queued, running | no progress for STALLED_AFTER | unreported items fail with `timeout` |

The clock is the database's, and `updated_at` is what it is held against: it moves with the status
and with every result that had an effect, and with nothing else. So progress is a result. A worker
that holds items under a live lease is about to bring one, so its job is given time, but never
more than as long again: claims that are renewed for ever and lead to nothing do not hold a job.
A lease of the queue says only that a message was sent, and counts for nothing.

A job that moves between being found and being locked is left alone. Ending one twice is
impossible: each is locked, asked again and settled in one transaction of its own.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from jobs.delivery.hints import hint
from jobs.lifecycle.settlement import settle
from jobs.models import JobCoordinator, JobItem
from jobs.models.job_queryset import JobQuerySet
from jobs.states import IN_WORK, JobStatus
from s3project import ids
from s3project.logs.context import about

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it; what is left over is for the next one.
JOBS_PER_RUN = 200


@dataclass
class ExpiryRun:
    """Jobs that a run ended, and those that it has to leave to the next one."""

    canceled: list[UUID] = field(default_factory=list)
    timed_out: list[UUID] = field(default_factory=list)
    postponed: list[UUID] = field(default_factory=list)


def expire_jobs() -> ExpiryRun:
    """Ends what is abandoned: up to JOBS_PER_RUN jobs, the oldest first. Safe to run twice at
    once: a job that somebody else has locked is passed over.
    """
    run = ExpiryRun()
    if settings.CREATED_EXPIRES_AFTER is not None:
        waiting = _waiting(JobStatus.CREATED, settings.CREATED_EXPIRES_AFTER)
        _end_each(waiting, _cancel, run, run.canceled)
    if settings.UPLOADED_EXPIRES_AFTER is not None:
        waiting = _waiting(JobStatus.UPLOADED, settings.UPLOADED_EXPIRES_AFTER)
        _end_each(waiting, _cancel, run, run.canceled)
    if settings.STALLED_AFTER is not None:
        _end_each(_stalled(settings.STALLED_AFTER), _time_out, run, run.timed_out)
    logger.info(
        "expired jobs: %d canceled, %d timed out, %d postponed",
        len(run.canceled),
        len(run.timed_out),
        len(run.postponed),
    )
    return run


def _waiting(status: JobStatus, limit: timedelta) -> JobQuerySet:
    """Jobs that have been in this status for longer."""
    since = Now() - limit
    # A status is never older than its job; this condition has the index job_waiting.
    return JobCoordinator.objects.filter(status=status, created_at__lt=since, updated_at__lt=since)


def _stalled(limit: timedelta) -> JobQuerySet:
    """Jobs in work without a result for so long, that no worker has in hand."""
    in_hand = Exists(JobItem.objects.in_hand().filter(job=OuterRef("pk")))
    return JobCoordinator.objects.filter(
        Q(updated_at__lt=Now() - 2 * limit) | ~in_hand,
        status__in=IN_WORK,
        # No result is older than the execute; this condition has the index job_in_work.
        queued_at__lt=Now() - limit,
        updated_at__lt=Now() - limit,
    )


def _end_each(
    abandoned: JobQuerySet,
    end: Callable[[JobCoordinator], None],
    run: ExpiryRun,
    ended: list[UUID],
) -> None:
    left = JOBS_PER_RUN - len(run.canceled) - len(run.timed_out) - len(run.postponed)
    found = abandoned.order_by("created_at").values_list("pk", flat=True)[: max(left, 0)]
    for job_id in list(found):
        with about(job=ids.public_id(ids.JOB, job_id)):
            _end(job_id, abandoned, end, run, ended)


def _end(
    job_id: UUID,
    abandoned: JobQuerySet,
    end: Callable[[JobCoordinator], None],
    run: ExpiryRun,
    ended: list[UUID],
) -> None:
    try:
        with transaction.atomic():
            job = JobCoordinator.objects.lock_if_free(job_id)
            # Asked again, in a statement of its own: a claim leaves no trace on the job's
            # row, so the one that locks it may have looked at the items before the claim.
            if job is None or not abandoned.filter(pk=job_id).exists():
                return
            end(job)
    except DatabaseError:
        # The user's limiter was busy for too long, or the row is odd: the others must not
        # wait for this one.
        logger.exception("job %s could not be expired", job_id)
        run.postponed.append(job_id)
    else:
        logger.info("expired %s, %s since %s", job.public_id, job.status, job.created_at)
        ended.append(job_id)
        hint(job_id)


def _cancel(job: JobCoordinator) -> None:
    job.cancel()
    settle(job)


def _time_out(job: JobCoordinator) -> None:
    job.time_out()
    settle(job)
