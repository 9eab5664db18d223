"""Whether every photo that was paid for, and every package that is ready, can be downloaded: what
there should be is in the storage.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby, islice
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from jobs import keys
from jobs.models import JobCoordinator, JobItem, JobPackage
from jobs.models.job_queryset import JobQuerySet
from jobs.states import ItemStatus, JobStatus, PackageStatus
from jobs.storage.bucket import photo_storage

JOBS_AT_ONCE = 500
KINDS = ("outputs", "previews", "packages")


@dataclass(frozen=True)
class MissingObjects:
    """A job with done photos of which the result or the preview is not in the storage, or with
    ready packages of which the archive or the board is not.
    """

    job: str
    missing: list[str]


@dataclass
class ObjectAudit:
    """`place` is where the next part begins, for `after` of `audit_all_objects`."""

    jobs: int = 0
    photos: int = 0
    missing: list[MissingObjects] = field(default_factory=list)
    place: str = ""


@dataclass
class Expected:
    """What a job should have in the storage."""

    photos: int = 0
    keys: list[str] = field(default_factory=list)

    def missing_of(self, stored: Mapping[str, int]) -> list[str]:
        return [key for key in self.keys if not stored.get(key)]


def audit_objects(*, finished_within: timedelta, limit: int) -> ObjectAudit:
    """Looks for the objects of jobs that were charged and still serve them, the newest first: two
    or three listings for each. Raises StorageUnavailable.
    """
    jobs = _serving().filter(finished_at__gt=Now() - finished_within)
    newest = list(jobs.order_by("-finished_at").values_list("user_id", "pk")[:limit])
    audit = ObjectAudit()
    for (user_id, job_id), expected in _expected(newest):
        _note(audit, user_id, job_id, expected, _listed(user_id, job_id, expected))
    return audit


def audit_all_objects(*, after: str = "") -> Iterator[ObjectAudit]:
    """The same of all such jobs, in parts: one listing of each folder from its beginning to its
    end, beside one reading of the jobs in the same order. Begins after a `place` where it was left.

    Raises StorageUnavailable, and ValueError for an `after` that is no place.
    """
    jobs = _serving().order_by("user_id", "pk")
    if after:
        owner = keys.owner_of(f"{KINDS[0]}/{after}_")
        if owner is None or owner.job_id is None:
            raise ValueError(after)
        user_id, job_id = owner.user_id, owner.job_id
        jobs = jobs.filter(Q(user_id__gt=user_id) | Q(user_id=user_id, pk__gt=job_id))
    folders = [_Folders(kind, after) for kind in KINDS]
    rows = jobs.values_list("user_id", "pk").iterator(chunk_size=JOBS_AT_ONCE)
    while some := list(islice(rows, JOBS_AT_ONCE)):
        audit = ObjectAudit()
        for (user_id, job_id), expected in _expected(some):
            place = _place(user_id, job_id)
            stored = {key: size for kind in folders for key, size in kind.at(place).items()}
            _note(audit, user_id, job_id, expected, stored)
            audit.place = place
        yield audit


class _Folders:
    """The folders of jobs below a kind of objects, in the order of the bucket, which is that of
    the jobs' keys. Each is asked for once, in that order."""

    def __init__(self, kind: str, after: str) -> None:
        # Behind all that the folder of that place has.
        pages = photo_storage().listing(f"{kind}/", after=f"{kind}/{after}~" if after else "")
        objects = (entry for page in pages for entry in page.items())
        self._rest = groupby(objects, key=lambda entry: _folder_of(entry[0]))
        self._next: tuple[str, dict[str, int]] | None = ("", {})

    def at(self, place: str) -> dict[str, int]:
        """Key → bytes of what is in a folder."""
        while self._next is not None and self._next[0] < place:
            found = next(self._rest, None)
            self._next = None if found is None else (found[0], dict(found[1]))
        return self._next[1] if self._next is not None and self._next[0] == place else {}


def _folder_of(key: str) -> str:
    """`u_…/job_…/` of a key of ours."""
    return key.partition("/")[2].rpartition("/")[0] + "/"


def _place(user_id: UUID, job_id: UUID) -> str:
    return keys.packages_prefix(user_id, job_id).partition("/")[2]


def _serving() -> JobQuerySet:
    """Jobs that were charged and still have their results."""
    paid = Q(status=JobStatus.DONE) | Q(canceled_charge__gt=0)
    jobs = JobCoordinator.objects.filter(
        paid, storage_deleted_at__isnull=True, deleted_at__isnull=True
    )
    if settings.STORAGE_RETENTION is not None:
        jobs = jobs.filter(finished_at__gt=Now() - settings.STORAGE_RETENTION)
    return jobs


def _note(
    audit: ObjectAudit, user_id: UUID, job_id: UUID, expected: Expected, stored: Mapping[str, int]
) -> None:
    audit.jobs += 1
    audit.photos += expected.photos
    if not expected.missing_of(stored):
        return
    # Looked at anew: a listing may be older than a result of which the row is known. And a job that
    # was canceled or deleted meanwhile has nothing to serve any more.
    missing = expected.missing_of(_listed(user_id, job_id, expected))
    if missing and _serving().filter(pk=job_id).exists():
        audit.missing.append(MissingObjects(JobCoordinator(id=job_id).public_id, missing))


def _listed(user_id: UUID, job_id: UUID, expected: Expected) -> dict[str, int]:
    """What lies in the job's folders in which something is expected."""
    stored: dict[str, int] = {}
    for prefix in (*keys.result_prefixes(user_id, job_id), keys.packages_prefix(user_id, job_id)):
        if any(key.startswith(prefix) for key in expected.keys):
            stored |= photo_storage().sizes(prefix)
    return stored


def _expected(rows: Sequence[tuple[UUID, UUID]]) -> Iterator[tuple[tuple[UUID, UUID], Expected]]:
    """Of each job, by user and job. Two queries."""
    owners = {job_id: user_id for user_id, job_id in rows}
    found: dict[UUID, Expected] = defaultdict(Expected)
    done = JobItem.objects.filter(job__in=owners, status=ItemStatus.DONE)
    for job_id, *photo in done.order_by("job", "idx").values_list(
        "job_id", "output_key", "preview_key"
    ):
        found[job_id].photos += 1
        found[job_id].keys += photo
    ready = JobPackage.objects.filter(job__in=owners, status=PackageStatus.READY)
    for job_id, template, edition in ready.values_list("job_id", "template", "edition"):
        place = (owners[job_id], job_id, template, edition)
        found[job_id].keys += [keys.package_key(*place), keys.board_key(*place)]
    for row in rows:
        yield row, found[row[1]]
