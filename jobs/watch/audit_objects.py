"""Whether every photo that was paid for, and every package that is ready, can be downloaded: what
there should be is in the storage.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from jobs import keys
from jobs.models import JobCoordinator, JobItem, JobPackage
from jobs.states import ItemStatus, JobStatus, PackageStatus
from jobs.storage.bucket import photo_storage


@dataclass(frozen=True)
class MissingObjects:
    """A job with done photos of which the result or the preview is not in the storage, or with
    ready packages of which the archive or the board is not.
    """

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
    or three listings and two queries for each. Raises StorageUnavailable.
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
        made = list(_expected_packages(user_id, job_id))
        prefixes = [*keys.result_prefixes(user_id, job_id)]
        if made:
            prefixes.append(keys.packages_prefix(user_id, job_id))
        stored: dict[str, int] = {}
        for prefix in prefixes:
            stored |= photo_storage().sizes(prefix)
        photos = len(expected) // 2
        expected += made
        missing = [key for key in expected if not stored.get(key)]
        audit.jobs += 1
        audit.photos += photos
        # A job that was canceled or deleted meanwhile has nothing to serve any more.
        if missing and jobs.filter(pk=job_id).exists():
            public_id = JobCoordinator(id=job_id).public_id
            audit.missing.append(MissingObjects(public_id, missing))
    return audit


def _expected_packages(user_id: UUID, job_id: UUID) -> Iterator[str]:
    ready = JobPackage.objects.filter(job_id=job_id, status=PackageStatus.READY)
    for template, edition in ready.values_list("template", "edition"):
        yield keys.package_key(user_id, job_id, template, edition)
        yield keys.board_key(user_id, job_id, template, edition)


def _expected(job_id: UUID) -> Iterator[str]:
    done = JobItem.objects.filter(job_id=job_id, status=ItemStatus.DONE)
    for row in done.order_by("idx").values_list("output_key", "preview_key"):
        yield from row
