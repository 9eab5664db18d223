"""What a job leaves in the storage, and when that is deleted.

| objects | deleted |
|---|---|
| what was made of a canceled job, but what it was charged for | at the cancel, and again finally |
| everything of a canceled job that was charged nothing | finally, CANCELED_SETTLES after it |
| everything of a job that its owner deleted | then, and again finally, CANCELED_SETTLES later |
| everything of any other finished job | finally, STORAGE_RETENTION after it finished, or when an
  operator keeps it no longer |

A job is `expired` as soon as its retention is over, and its objects go when the last URL that was
handed out has ended: no URL is ever dead before its time. The final deletion is noted in
`storage_deleted_at`, after it was done: whatever breaks in between is done again. Two runs at once
delete the same objects twice, which changes nothing.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from jobs import keys
from jobs.models import JobCoordinator, JobItem
from jobs.models.job_queryset import JobQuerySet
from jobs.states import COMPLETED, ItemStatus, JobStatus
from jobs.storage.bucket import StorageUnavailable, photo_storage
from s3project.logs.context import about
from users.models import UserLimiter

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it: 8 requests to the storage for each job.
JOBS_PER_RUN = 50
# With the storage away every job would wait for its timeouts.
FAILURES_PER_RUN = 3

URL_LIFETIME = timedelta(seconds=settings.PRESIGNED_URL_SECONDS)
# Nobody can add an object later: upload URLs have ended, and so has every worker's claim.
CANCELED_SETTLES = max(
    URL_LIFETIME, timedelta(seconds=settings.PACKAGE_TIME_LIMIT_SEC) + settings.WORK_LEASE
)
CANCELED_LONG_AGO = Q(
    status=JobStatus.CANCELED, canceled_charge=0, updated_at__lt=Now() - CANCELED_SETTLES
)
DELETED_LONG_AGO = Q(deleted_at__lt=Now() - CANCELED_SETTLES)


@dataclass
class RetentionRun:
    jobs: int = 0
    objects: int = 0
    failed: int = 0


def delete_outputs(job_id: UUID) -> int:
    """Deletes what workers made of a canceled job; returns how many objects.

    One of them may be in the middle of an item and store it afterwards: the final deletion has
    that. Raises StorageUnavailable.
    """
    job = JobCoordinator.objects.filter(pk=job_id, status=JobStatus.CANCELED).first()
    if job is None:
        return 0
    if not job.canceled_charge:
        return photo_storage().delete_below(keys.output_prefixes(job.user_id, job.id))
    done = job.items.filter(status=ItemStatus.DONE).values_list("output_key", "preview_key")
    paid = {key for row in done for key in row}
    folders = keys.result_prefixes(job.user_id, job.id)
    unpaid = [key for folder in folders for key in photo_storage().sizes(folder) if key not in paid]
    photo_storage().delete_keys(unpaid)
    return len(unpaid)


def delete_job_objects(job_id: UUID) -> int:
    """Deletes what a job has in the storage that its owner deleted; returns how many objects.

    A worker may be in the middle of an item that another one reported, and store it afterwards:
    the final deletion has that. Raises StorageUnavailable.
    """
    job = _undeleted().filter(pk=job_id, deleted_at__isnull=False).first()
    return 0 if job is None else _delete_objects(job)


def delete_old_packages(job_id: UUID) -> int:
    """Deletes the objects of packages that were made anew but for the last edition before, whose
    URLs may be in somebody's hands; returns how many. Raises StorageUnavailable.
    """
    job = _undeleted().filter(pk=job_id).first()
    if job is None:
        return 0
    editions = dict(job.packages.values_list("template", "edition"))
    old = []
    for key in photo_storage().sizes(keys.packages_prefix(job.user_id, job.id)):
        template, edition = keys.edition_of(key) or ("", 0)
        if edition < editions.get(template, 0) - 1:
            old.append(key)
    photo_storage().delete_keys(old)
    if old:
        UserLimiter.objects.note_storage_change(job.user_id)
    return len(old)


def delete_expired_objects() -> RetentionRun:
    """The final deletion of up to JOBS_PER_RUN jobs, canceled ones first, then those that were
    deleted, then the oldest."""
    run = RetentionRun()
    due = list(_canceled().order_by("finished_at")[:JOBS_PER_RUN])
    deleted = _undeleted().filter(DELETED_LONG_AGO).exclude(CANCELED_LONG_AGO)
    due += deleted.order_by("deleted_at")[: JOBS_PER_RUN - len(due)]
    if settings.STORAGE_RETENTION is not None:
        for kept in _kept_longer_than(settings.STORAGE_RETENTION):
            due += kept[: JOBS_PER_RUN - len(due)]
    for job in due:
        try:
            with about(job=job.public_id):
                run.objects += _delete_objects(job)
        except StorageUnavailable:
            logger.exception("the objects of %s could not be deleted", job.public_id)
            run.failed += 1
            if run.failed == FAILURES_PER_RUN:
                break
        else:
            JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())
            run.jobs += 1
    logger.info("deleted %d objects of %d jobs, %d jobs failed", run.objects, run.jobs, run.failed)
    return run


def _delete_objects(job: JobCoordinator) -> int:
    """All that the job has in the storage; returns how many objects. Where its photos are is on
    its items; those that another job still needs stay. Raises StorageUnavailable.
    """
    photos = set(job.items.values_list("input_key", flat=True)) - _needed_by_others(job)
    folders = {f"{key.rpartition('/')[0]}/" for key in photos}
    stored = [key for folder in folders for key in photo_storage().sizes(folder) if key in photos]
    photo_storage().delete_keys(stored)
    # What leads to a user's masks goes with the last job that has any.
    others = _keeping().filter(user_id=job.user_id).exclude(pk=job.pk)
    remembered = () if others.exists() else (keys.by_photo_prefix(job.user_id),)
    made = (*keys.output_prefixes(job.user_id, job.id), *remembered)
    deleted = len(stored) + photo_storage().delete_below(made)
    if deleted:
        UserLimiter.objects.note_storage_change(job.user_id)
    return deleted


def _needed_by_others(job: JobCoordinator) -> set[str]:
    """Photos of the job that others over the same upload use."""
    sharing = Q(pk=job.photos_of) | Q(photos_job_id=job.photos_of)
    others = _keeping().filter(sharing).exclude(pk=job.pk)
    return set(JobItem.objects.filter(job__in=others).values_list("input_key", flat=True))


def _keeping() -> JobQuerySet:
    """Jobs whose objects are neither deleted nor due to be: of two that are due at once, each
    deletes what both used, in whatever order they go.
    """
    due = CANCELED_LONG_AGO | Q(deleted_at__isnull=False)
    if settings.STORAGE_RETENTION is not None:
        end = _end_of(settings.STORAGE_RETENTION)
        due = due | _completed_before(end) | _charged_before(end)
    return _undeleted().exclude(due)


def _canceled() -> JobQuerySet:
    return _undeleted().filter(CANCELED_LONG_AGO)


def _kept_longer_than(retention: timedelta) -> tuple[JobQuerySet, JobQuerySet]:
    """Completed jobs and canceled ones that were charged, the oldest first; each has its index."""
    end = _end_of(retention)
    kept = _undeleted().filter(deleted_at__isnull=True)
    completed = kept.filter(_completed_before(end)).order_by("finished_at")
    return completed, kept.filter(_charged_before(end)).order_by("finished_at")


def _nobody_keeps() -> Q:
    """No operator keeps it for longer."""
    return Q(kept_until__isnull=True) | Q(kept_until__lt=Now() - URL_LIFETIME)


def _end_of(retention: timedelta) -> CombinedExpression:
    """A URL handed out in the last moment of the retention is honoured until it ends."""
    return Now() - (retention + URL_LIFETIME)


def _completed_before(end: CombinedExpression) -> Q:
    return Q(status__in=COMPLETED, finished_at__lt=end) & _nobody_keeps()


def _charged_before(end: CombinedExpression) -> Q:
    charged = Q(status=JobStatus.CANCELED, canceled_charge__gt=0)
    return charged & Q(updated_at__lt=end, finished_at__lt=end) & _nobody_keeps()


def _undeleted() -> JobQuerySet:
    undeleted = JobCoordinator.objects.filter(storage_deleted_at__isnull=True)
    return undeleted.only("user_id", "photos_job_id")
