"""The photos of a job: before and after, who made them, what went wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from django.utils.safestring import SafeString

from jobs import keys
from jobs.admin.lease import lease
from jobs.lifecycle.keeping import has_photos
from jobs.models import JobCoordinator, JobItem, JobItemLog
from jobs.states import ItemStatus, JobStatus
from jobs.storage import bucket
from s3project.admin.panels import Picture, picture
from s3project.admin.tables import NOTHING, Cell, Table, badge, object_name, prose

BEFORE, AFTER = "Before", "After"


class Photo(Protocol):
    """An item, or what the history has of it."""

    @property
    def idx(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def input_key(self) -> str: ...
    @property
    def output_key(self) -> str: ...
    @property
    def preview_key(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def warnings(self) -> Sequence[str]: ...


def photos(job: JobCoordinator, *, with_pictures: bool) -> Table:
    """All of them, in order: 200 at most. One query. Of an archived job the history has them."""
    found: Sequence[Photo]
    if job.archived_at is not None:
        found = list(JobItemLog.objects.filter(job_id=job.id).order_by("idx"))
    else:
        found = list(job.items.order_by("idx"))
    pictures = _pictures(job, found) if with_pictures else {}
    shown = (BEFORE, AFTER) if with_pictures else ()
    return Table(
        title=f"Photos ({job.total_items})",
        headings=(
            "#",
            *shown,
            "Status",
            "Attempt",
            "Worker",
            "Error or warnings",
            "Name",
            "Stored",
        ),
        rows=[
            (
                photo.idx,
                *(_shown(pictures, key, word, photo) for key, word in _sides(photo, shown)),
                badge(JobStatus.CANCELED if _is_canceled(job, photo) else photo.status),
                *_at_work(job, photo),
                prose(photo.error or "; ".join(photo.warnings)),
                photo.name or NOTHING,
                object_name(photo.output_key or photo.input_key),
            )
            for photo in found
        ],
        empty="No items.",
        more=f"Stored below {keys.input_prefix(job.user_id, job.id)}, outputs/… and previews/…",
    )


def _sides(photo: Photo, shown: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in shown:
        yield (photo.input_key if word == BEFORE else photo.preview_key), word


def _shown(pictures: Mapping[str, str], key: str, word: str, photo: Photo) -> SafeString:
    url = pictures.get(key, "")
    return picture(Picture(url, f"{word}, photo {photo.idx}" if url else NOTHING))


def _pictures(job: JobCoordinator, found: Sequence[Photo]) -> dict[str, str]:
    """Key → URL of what is there to be seen; nothing is asked of the storage."""
    if not has_photos(job) or job.status == JobStatus.CREATED:
        return {}
    wanted = [photo.input_key for photo in found]
    if not (job.status == JobStatus.CANCELED and job.canceled_charge == 0):
        wanted += [photo.preview_key for photo in found if photo.status == ItemStatus.DONE]
    try:
        urls = bucket.presign_downloads(
            [(key, "inline") for key in wanted], at=bucket.steady_moment()
        )
    except bucket.StorageUnavailable:
        return {}
    return dict(zip(wanted, urls, strict=True))


def _is_canceled(job: JobCoordinator, photo: Photo) -> bool:
    """Its row stays as the cancel found it, lease included: nobody is waiting for it any more."""
    return job.status == JobStatus.CANCELED and photo.status == ItemStatus.PENDING


def _at_work(job: JobCoordinator, photo: Photo) -> tuple[Cell, Cell]:
    """The attempt, and who has or had it."""
    if not isinstance(photo, JobItem):
        return NOTHING, NOTHING
    held = (photo.claimed_by or NOTHING) if _is_canceled(job, photo) else lease(photo)
    return photo.attempt or NOTHING, held
