"""Whether every photo that was paid for can be downloaded: what is done is in the storage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from jobs import keys
from jobs.models import JobCoordinator, JobItem
from jobs.states import ItemStatus, JobStatus
from jobs.storage.bucket import photo_storage


@dataclass(frozen=True)
class MissingObjects:
    """A job with done photos of which the result or the preview is not in the storage."""

    job: str
    missing: list[str]


@dataclass
class ObjectAudit:
    jobs: int
    photos: int
    missing: list[MissingObjects]


def audit_objects(
    *, finished_within: timedelta | None = None, limit: int | None = None
) -> ObjectAudit:
    """Looks for the objects of jobs that were charged and still serve them, the newest first: two
    listings and one query for each. Raises StorageUnavailable.
    """
    paid = Q(status=JobStatus.DONE) | Q(canceled_charge__gt=0)
    jobs = JobCoordinator.objects.filter(
        paid, storage_deleted_at__isnull=True, deleted_at__isnull=True
    )
    if settings.STORAGE_RETENTION is not None:
        jobs = jobs.filter(finished_at__gt=Now() - settings.STORAGE_RETENTION)
    if finished_within is not None:
        jobs = jobs.filter(finished_at__gt=Now() - finished_within)
    audit = ObjectAudit(0, 0, [])
    rows = jobs.order_by("-finished_at").values_list("pk", "user_id")[:limit]
    for job_id, user_id in rows.iterator(chunk_size=500):
        expected = list(_expected(job_id))
        stored: dict[str, int] = {}
        for prefix in keys.result_prefixes(user_id, job_id):
            stored |= photo_storage().sizes(prefix)
        missing = [key for key in expected if not stored.get(key)]
        audit.jobs += 1
        audit.photos += len(expected) // 2
        # A job that was canceled or deleted meanwhile has nothing to serve any more.
        if missing and jobs.filter(pk=job_id).exists():
            public_id = JobCoordinator(id=job_id).public_id
            audit.missing.append(MissingObjects(public_id, missing))
    return audit


def _expected(job_id: UUID) -> Iterator[str]:
    done = JobItem.objects.filter(job_id=job_id, status=ItemStatus.DONE)
    for row in done.order_by("idx").values_list("output_key", "preview_key"):
        yield from row
