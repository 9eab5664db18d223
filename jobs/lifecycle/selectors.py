"""Reading jobs and rules: what a client sees of them."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from django.utils.http import content_disposition_header

from jobs import keys
from jobs.errors import JobNotFound
from jobs.lifecycle.keeping import expires_at, has_photos, is_expired
from jobs.models import JobCoordinator, Rule
from jobs.models.poll_statements import (
    ItemRow,
    PackageRow,
    ReadJob,
    VersionRow,
    read_job,
    read_version,
    read_versions,
)
from jobs.models.results import FoundInstance
from jobs.presets import PRESETS
from jobs.states import IN_WORK, ItemStatus, JobStatus, PackageStatus
from jobs.storage import bucket
from jobs.storage.uploads import Upload, sign_uploads
from s3project.pages import Listing, Page, PageRequest, take_page

# An error is shown as it is only when it reads as a plain remark: no paths, hosts or traces.
PLAIN_REMARK = re.compile(
    r"(?!.*[A-Za-z]\.\w)(?!.*\d\.\d+\.\d)(?=.{1,200}\Z)(nothing to change: )?[\w ,.'’()%+-]+"
)
UNEXPLAINED = "the photo could not be processed"
# What an item of a canceled job is shown as that nobody reported.
CANCELED_ITEM = "canceled"
LONGEST_STEM = 80
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif"})
JOB_LIST = Listing(
    JobCoordinator,
    *("id", "status", "preset", "created_at", "total_items", "done_items", "failed_items"),
)
NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class ItemView(NamedTuple):
    idx: int
    name: str
    status: str
    error: str
    warnings: list[str]
    instances: dict[str, list[FoundInstance]]
    source: tuple[UUID, int] | None


class OutputView(NamedTuple):
    idx: int
    result_url: str
    preview_url: str
    input_url: str


class JobVersion(NamedTuple):
    """A text that is another one whenever `get_job` would show something else; and whether the job
    is in work, and so has a place in the line."""

    text: str
    is_in_work: bool


@dataclass(frozen=True)
class PackageView:
    """A package as its owner sees it; what only a ready one has is None before."""

    template: str
    status: str
    files: int | None
    bytes: int | None
    url: str | None
    board_url: str | None
    error: str | None


@dataclass(frozen=True)
class JobView:
    """A job with its items in order; `uploads` only while photos may still be sent. From
    `expires_at` on the job is `expired`: its photos and results are not kept any longer.
    `version` is the text of `get_job_version`, `state` what `get_job_states` does. URLs were
    signed for `signed_at`.
    """

    job: JobCoordinator
    items: Sequence[ItemView]
    outputs: Sequence[OutputView]
    packages: Sequence[PackageView]
    uploads: Sequence[Upload] | None
    expires_at: datetime | None
    expired: bool
    version: str
    state: str
    signed_at: datetime


def check_job_exists(*, job_id: UUID | None, user_id: UUID | None = None) -> None:
    """Raises JobNotFound; a user's view of somebody else's job is that it does not exist."""
    JobCoordinator.objects.get_job(job_id, owner=user_id)


def list_jobs(
    *, user_id: UUID, statuses: Collection[JobStatus], page: PageRequest
) -> Page[JobCoordinator]:
    """The user's jobs that have one of the statuses (none given: any), newest first. One query, of
    what a list shows.
    """
    if not statuses:
        return JOB_LIST.take("user_id = %s", [user_id], page)
    where = f"user_id = %s AND status IN ({', '.join(['%s'] * len(statuses))})"
    return JOB_LIST.take(where, [user_id, *map(str, statuses)], page)


def list_rules(*, user_id: UUID, page: PageRequest) -> Page[Rule]:
    """The user's rules, newest first. One query."""
    return take_page(Rule.objects.owned_by(user_id), page)


def get_rule(*, user_id: UUID, rule_id: UUID | None) -> Rule:
    """One query. Raises RuleNotFound."""
    return Rule.objects.owned_by(user_id).get_rule(rule_id)


def get_job_version(
    *, user_id: UUID, job_id: UUID | None, read: Callable[..., VersionRow | None] = read_version
) -> JobVersion:
    """One query, unless `read` knows it already. Raises JobNotFound or StorageUnavailable."""
    row = read(user_id=user_id, job_id=job_id) if job_id is not None else None
    if row is None or job_id is None:
        raise JobNotFound
    version = _version(user_id, job_id, row, at=bucket.steady_moment())
    return JobVersion(version, row.status in IN_WORK)


def get_job_state(*, user_id: UUID, job_id: UUID | None) -> str:
    """As `get_job_states` of one job of this user. One query. Raises JobNotFound."""
    row = read_version(user_id=user_id, job_id=job_id) if job_id is not None else None
    if row is None or job_id is None:
        raise JobNotFound
    return _state(job_id, row)


def get_job_states(job_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of each job a text that is another one whenever something of it has changed, whenever and by
    whom its URLs are signed; without jobs that there are not. One query.
    """
    return {job_id: _state(job_id, row) for job_id, row in read_versions(job_ids).items()}


def get_job(
    *, user_id: UUID, job_id: UUID | None, read: Callable[..., ReadJob | None] = read_job
) -> JobView:
    """One query, unless `read` knows it already. All URLs are signed on a rounded clock: they stay
    the same for a while.

    Raises JobNotFound or StorageUnavailable.
    """
    found = read(user_id=user_id, job_id=job_id) if job_id is not None else None
    if found is None:
        raise JobNotFound
    job, rows, packages = found
    at = bucket.steady_moment()
    # Before anything else looks at a clock: a tag may be older than its body, never newer.
    version = _version(user_id, job.id, job, at=at)
    outputs: list[OutputView] = []
    if _shows_outputs(job):
        done = [row for row in rows if row.status == ItemStatus.DONE]
        downloads = [download for row in done for download in _downloads(job, row)]
        urls = iter(bucket.presign_downloads(downloads, at=at))
        outputs = [OutputView(row.idx, next(urls), next(urls), next(urls)) for row in done]
    uploads = None
    if job.status == JobStatus.CREATED:
        photos = ((row.idx, row.input_key, row.declared_bytes) for row in rows)
        uploads = sign_uploads(photos, at=at)
    return JobView(
        job=job,
        items=_item_views(job, rows),
        outputs=outputs,
        packages=_package_views(job, packages, at=at),
        uploads=uploads,
        expires_at=expires_at(job),
        expired=is_expired(job),
        version=version,
        state=_state(job.id, job),
        signed_at=at,
    )


def _version(user_id: UUID, job_id: UUID, job: JobCoordinator | VersionRow, *, at: datetime) -> str:
    """Every answer has something that is signed for `at`. Where URLs of the storage are shown, one
    more of their kind is signed: it changes whenever they do, by a new storage key too.
    """
    signature = []
    if job.status == JobStatus.CREATED or _shows_outputs(job):
        signature = bucket.presign_downloads([(keys.input_prefix(user_id, job_id), "")], at=at)
    return " ".join((_state(job_id, job), at.isoformat(), *signature))


def _state(job_id: UUID, job: JobCoordinator | VersionRow) -> str:
    """Each event moves status or counters to where they have never been before; `updated_at` is
    for whoever changes a job past its methods.
    """
    facts = (
        *(job.status, job.done_items, job.failed_items, job.updated_at),
        *(expires_at(job), is_expired(job)),
    )
    return " ".join(map(str, (job_id.hex, *facts)))


def _shows_outputs(job: JobCoordinator | VersionRow) -> bool:
    """A canceled job serves no results but those that it was charged for (contract §2), an expired
    one has none.
    """
    return job.done_items > 0 and has_photos(job)


def _downloads(job: JobCoordinator, row: ItemRow) -> tuple[tuple[str, str], ...]:
    """Keys of the result, the preview and the photo itself, and how a browser is to save them. Of
    the photo nobody knows what it says it is: it is never shown as a page, only within one.
    """
    stem, suffix = "", ".jpg"
    if row.name:
        stem, given = stem_of(row.name), PurePath(row.name).suffix.lower()
        suffix = given if given in PHOTO_SUFFIXES else suffix
    name = f"{stem or job.public_id}-{row.idx}"
    return (
        (row.output_key, content_disposition_header(True, f"{name}.png") or ""),
        (row.preview_key, content_disposition_header(False, f"{name}.jpg") or ""),
        (row.input_key, content_disposition_header(True, f"{name}-original{suffix}") or ""),
    )


def list_packages(*, user_id: UUID, job_id: UUID | None) -> Sequence[PackageView]:
    """Of one job, as they were first asked for. One query. Raises JobNotFound or
    StorageUnavailable.
    """
    return get_job(user_id=user_id, job_id=job_id).packages


def _package_views(
    job: JobCoordinator, rows: Sequence[PackageRow], *, at: datetime
) -> list[PackageView]:
    """Those of a job that still has its results."""
    if not rows or not _shows_outputs(job):
        return []
    ready = [row for row in rows if row.status == PackageStatus.READY]
    downloads = [download for row in ready for download in _package_downloads(job, row)]
    urls = iter(bucket.presign_downloads(downloads, at=at) if downloads else ())
    return [_package_view(row, urls) for row in rows]


def _package_view(row: PackageRow, urls: Iterator[str]) -> PackageView:
    if row.status != PackageStatus.READY:
        error = public_error(row.error) if row.error else None
        return PackageView(row.template, row.status, None, None, None, None, error)
    url, board_url = next(urls), next(urls)
    return PackageView(row.template, row.status, row.files, row.bytes, url, board_url, None)


def _package_downloads(
    job: JobCoordinator, row: PackageRow
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Keys of the archive and the board, and how a browser is to save them."""
    template = PRESETS[job.preset].template(row.template)
    name = f"{template.id if template else row.template}-{job.public_id}"
    place = (job.user_id, job.id, row.template, row.edition)
    return (
        (keys.package_key(*place), content_disposition_header(True, f"{name}.zip") or ""),
        (keys.board_key(*place), content_disposition_header(False, f"{name}.jpg") or ""),
    )


def _item_views(job: JobCoordinator, rows: Sequence[ItemRow]) -> list[ItemView]:
    shows_instances, is_canceled = has_photos(job), job.status == JobStatus.CANCELED
    views = []
    for row in rows:
        status, error = row.status, ""
        if status == ItemStatus.FAILED:
            error = public_error(row.error)
        elif is_canceled and status == ItemStatus.PENDING:
            status = CANCELED_ITEM
        source = None
        if job.source_job_id is not None and row.source_idx is not None:
            source = job.source_job_id, row.source_idx
        instances = row.instances if shows_instances else {}
        views.append(ItemView(row.idx, row.name, status, error, row.warnings, instances, source))
    return views


def stem_of(name: str) -> str:
    """What a client calls a photo, without folder and extension, fit for a header."""
    plain = NOT_PRINTED.sub(" ", name.replace("\\", "/"))
    return PurePath(plain).stem[:LONGEST_STEM].strip(". ")


def public_error(error: str) -> str:
    """An item's error as a client may see it."""
    return error if PLAIN_REMARK.fullmatch(error) else UNEXPLAINED
