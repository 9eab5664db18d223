"""The statements of a poll, written out.

A client asks for its job every few seconds, and Django takes several times as long to build these
queries as PostgreSQL to answer them (`bench/poll.py`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from jobs.models.coordinator import JobCoordinator
from jobs.models.results import FoundInstance
from s3project.rows import fetch_all, fetch_one, rows_of
from users.models import SignedIn, User


class VersionRow(NamedTuple):
    """What changes with every event of a job, named as on the job."""

    status: str
    done_items: int
    failed_items: int
    canceled_charge: int
    updated_at: datetime
    finished_at: datetime | None
    storage_deleted_at: datetime | None
    deleted_at: datetime | None
    kept_until: datetime | None


_VERSION = ", ".join(f"job.{name}" for name in VersionRow._fields)
# Of the user `u` of whoever is signed in.
_JOIN_JOB = "LEFT JOIN jobs_jobcoordinator AS job ON job.id = %s AND job.user_id = u.id"
READ_VERSION = f"SELECT {_VERSION} FROM jobs_jobcoordinator AS job WHERE id = %s AND user_id = %s"
WITH_VERSION = SignedIn(_VERSION, _JOIN_JOB)
# Of all jobs that are watched.
READ_VERSIONS = f"SELECT id, {_VERSION} FROM jobs_jobcoordinator AS job WHERE id = ANY(%s)"

JOBS = rows_of(JobCoordinator)
SHOWN = (
    *("id", "user_id", "status", "preset", "rule_id", "concepts", "protect", "output_template"),
    *("metadata", "source_job_id", "created_at", "updated_at", "finished_at"),
    *("storage_deleted_at", "deleted_at", "kept_until", "canceled_charge"),
    *("total_items", "done_items", "failed_items"),
)

# One statement and therefore one snapshot: a result that commits meanwhile is in the counters and
# in the items, or in neither. The items of an archived job are in the history, which is looked at
# only when there are no others. (json arrives decoded, jsonb would not.)
_JOB = f"""
           {JOBS.columns("job", *SHOWN)},
           coalesce(
               (SELECT json_agg(
                           json_build_array(
                               idx, name, status, error, warnings, output_key, preview_key,
                               source_idx, input_key, declared_bytes, instances
                           )
                           ORDER BY idx
                       )
                  FROM jobs_jobitem WHERE job_id = job.id),
               (SELECT json_agg(
                           json_build_array(
                               idx, name, status, error, warnings, output_key, preview_key,
                               source_idx, input_key, NULL, '{{}}'::json
                           )
                           ORDER BY idx
                       )
                  FROM job_items_log WHERE job_id = job.id)
           ) AS item_rows,
           CASE job.status WHEN 'done' THEN
               (SELECT json_agg(
                           json_build_array(template, edition, status, files, bytes, error)
                           ORDER BY id
                       )
                  FROM jobs_jobpackage WHERE job_id = job.id)
           END AS package_rows
"""
READ_JOB = f"SELECT {_JOB} FROM jobs_jobcoordinator AS job WHERE id = %s AND user_id = %s"
WITH_JOB = SignedIn(_JOB, _JOIN_JOB)


class ItemRow(NamedTuple):
    """An item; what of it no history has is empty in an archived one."""

    idx: int
    name: str
    status: str
    error: str
    warnings: list[str]
    output_key: str
    preview_key: str
    source_idx: int | None
    input_key: str
    declared_bytes: int | None
    instances: dict[str, list[FoundInstance]]


class PackageRow(NamedTuple):
    """A package; `template` is its alias."""

    template: str
    edition: int
    status: str
    files: int
    bytes: int
    error: str


class ReadJob(NamedTuple):
    """A job, its items by idx, and its packages as they were first asked for."""

    job: JobCoordinator
    items: list[ItemRow]
    packages: list[PackageRow]


def read_version(*, user_id: UUID, job_id: UUID) -> VersionRow | None:
    """None when the user has no such job."""
    row = fetch_one(READ_VERSION, [job_id, user_id])
    return None if row is None else VersionRow(*row)


def read_versions(job_ids: Collection[UUID]) -> dict[UUID, VersionRow]:
    """Without those that there are not. One query, whoever's they are."""
    rows = fetch_all(READ_VERSIONS, [list(job_ids)])
    return {job_id: VersionRow(*row) for job_id, *row in rows}


def read_job(*, user_id: UUID, job_id: UUID) -> ReadJob | None:
    """The job, of which only what is shown was read; None when the user has no such job."""
    row = fetch_one(READ_JOB, [job_id, user_id])
    return None if row is None else _job_of(row)


def sign_in_with_version(
    user_id: UUID, session_id: UUID | None, job_id: UUID
) -> tuple[User, VersionRow | None] | None:
    """Who is signed in, and what `read_version` would say of a job of theirs. One statement."""
    found = WITH_VERSION.find(user_id, session_id, job_id)
    if found is None:
        return None
    user, row = found
    return user, VersionRow(*row) if row[0] is not None else None


def sign_in_with_job(
    user_id: UUID, session_id: UUID | None, job_id: UUID
) -> tuple[User, ReadJob | None] | None:
    """Who is signed in, and what `read_job` would say of a job of theirs. One statement."""
    found = WITH_JOB.find(user_id, session_id, job_id)
    if found is None:
        return None
    user, row = found
    return user, _job_of(row) if row[0] is not None else None


def _job_of(row: Sequence[Any]) -> ReadJob:
    *values, items, packages = row
    return ReadJob(
        JOBS.instance(values, *SHOWN),
        [ItemRow(*item) for item in items or ()],
        [PackageRow(*package) for package in packages or ()],
    )
