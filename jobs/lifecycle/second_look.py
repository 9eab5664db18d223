"""The same photos again (contract §3.4): a job over photos that an earlier job of its user holds.

Photos are shared, not copied: an item's `input_key` says where its photo is, and
`upkeep/deletion.py` keeps it while any kept job uses it. Masks are remembered by photo, so that a
second look costs the edit only.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from jobs.errors import SourceGone, SourceUnconfirmed
from jobs.lifecycle.keeping import has_photos
from jobs.models import JobCoordinator, NewPhoto
from jobs.states import ItemStatus, JobStatus
from s3project import ids
from s3project.errors import ValidationFailed
from s3project.wording import counted
from users.models import UserLimiter


class Only(StrEnum):
    """Which photos of the source are meant."""

    ALL = "all"
    FAILED = "failed"


def create_second_look(
    *,
    user_id: UUID,
    source_job_id: UUID | None,
    only: Only = Only.ALL,
    items: Sequence[int] | None = None,
    preset: str | None = None,
    metadata: dict[str, str] | None = None,
) -> JobCoordinator:
    """– → uploaded: charged and admitted like any job, with nothing to upload. `items` are numbers
    of photos of the source, whose order is kept; None for all. The preset is the source's unless
    one is given.

    Raises JobNotFound, ValidationFailed, SourceUnconfirmed, SourceGone, CreditsExhausted,
    ItemLimit, ConcurrencyLimit or StorageQuota, without effect.
    """
    job_id = ids.new_id()
    with transaction.atomic():
        # Its photos cannot be given up while it is locked.
        source = JobCoordinator.objects.lock(source_job_id, owner=user_id)
        if source.status == JobStatus.CREATED:
            raise SourceUnconfirmed
        if not has_photos(source):
            raise SourceGone(status=source.status)
        photos = _chosen(source, only, items)
        UserLimiter.objects.lock(user_id).reserve(job_id, len(photos))
        return JobCoordinator.create(
            job_id=job_id,
            user_id=user_id,
            preset=preset or source.preset,
            photos=photos,
            metadata=metadata,
            source=source,
        )


def _chosen(source: JobCoordinator, only: Only, items: Sequence[int] | None) -> list[NewPhoto]:
    """Raises ValidationFailed where there is none, or no such photo."""
    unknown = [idx for idx in items or () if idx >= source.total_items]
    if unknown:
        has = counted(source.total_items, "photo")
        raise ValidationFailed({"items": [f"The source has {has}, none of number {unknown[0]}."]})
    rows = source.items.order_by("idx")
    if only == Only.FAILED:
        rows = rows.filter(status=ItemStatus.FAILED)
    found = {
        idx: NewPhoto(input_key, name, declared_bytes, source_idx=idx)
        for idx, input_key, name, declared_bytes in rows.values_list(
            "idx", "input_key", "name", "declared_bytes"
        )
    }
    photos = [found[idx] for idx in (found if items is None else items) if idx in found]
    if not photos:
        which = "No photo" if items is None else "None of these photos"
        raise ValidationFailed({"only": [f"{which} of the source has failed."]})
    return photos
