"""Objects in the bucket that no job answers for.

There should be none but for a worker that stored a result after the final deletion of its job.
Others come from a database that was restored to an earlier day, or from hands in the bucket.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jobs import keys
from jobs.models import JobCoordinator, JobItem
from jobs.storage.bucket import photo_storage


class Reason(StrEnum):
    NO_JOB = "no such job"
    DELETED = "job past its retention"
    FOREIGN = "no key of ours"


@dataclass(frozen=True)
class Orphan:
    key: str
    size: int
    reason: Reason


def find_orphans(progress: Callable[[int], object] | None = None) -> Iterator[Orphan]:
    """All orphans below our folders, in the order of the bucket; other folders are not looked at.

    One query for each page of 1000 objects. An object can never be older than its job's row, so
    that one of a job just created is no orphan. `progress` is told with each page how many objects
    were looked at. Raises StorageUnavailable.
    """
    seen = 0
    for kind in keys.KINDS:
        for page in photo_storage().listing(f"{kind}/"):
            yield from _orphans_among(page)
            seen += len(page)
            if progress is not None:
                progress(seen)


def delete_orphans(orphans: list[Orphan]) -> int:
    """Deletes those whose keys are ours; returns how many. Raises StorageUnavailable."""
    ours = [orphan.key for orphan in orphans if orphan.reason != Reason.FOREIGN]
    photo_storage().delete_keys(ours)
    return len(ours)


def _orphans_among(page: dict[str, int]) -> Iterator[Orphan]:
    owners = {key: keys.owner_of(key) for key in page}
    kept = _kept_owners({owner for owner in owners.values() if owner is not None})
    deleted = {owner.job_id for owner, is_kept in kept.items() if owner.job_id and not is_kept}
    shared = _shared_photos(deleted)
    for key, size in page.items():
        owner = owners[key]
        if key in shared:
            continue
        if owner is None:
            yield Orphan(key, size, Reason.FOREIGN)
        elif owner not in kept:
            yield Orphan(key, size, Reason.NO_JOB)
        elif not kept[owner]:
            yield Orphan(key, size, Reason.DELETED)


def _shared_photos(job_ids: set[UUID]) -> set[str]:
    """Photos that were uploaded for these jobs and are used by others, which keep them."""
    items = JobItem.objects.filter(
        job__photos_job_id__in=job_ids, job__storage_deleted_at__isnull=True
    )
    return set(items.values_list("input_key", flat=True)) if job_ids else set()


def _kept_owners(owners: set[keys.Owner]) -> dict[keys.Owner, bool]:
    """Of the owners that exist, whether they still have something in the storage. What belongs to
    all jobs of a user is kept while one of them has."""
    job_ids = {owner.job_id for owner in owners if owner.job_id is not None}
    users = {owner.user_id for owner in owners if owner.job_id is None}
    jobs = JobCoordinator.objects.filter(pk__in=job_ids)
    kept = {
        keys.Owner(user_id, job_id): deleted_at is None
        for user_id, job_id, deleted_at in jobs.values_list("user_id", "pk", "storage_deleted_at")
    }
    stored = JobCoordinator.objects.filter(user_id__in=users, storage_deleted_at__isnull=True)
    keeping = set(stored.values_list("user_id", flat=True).order_by().distinct())
    return kept | {keys.Owner(user_id, None): user_id in keeping for user_id in users}
