"""The two statements of the hottest path, a worker's result, written out.

Most of a callback's time went into Django building the same queries again and again: that takes
several times as long as PostgreSQL needs to answer them (docs/performance.md). Both run under the
job's row lock.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from jobs.models.item_phases import AT_WORK, PENDING
from jobs.models.outbox import IS_WANTED
from jobs.models.results import FoundInstance
from s3project.rows import put_off

OWNER = "(SELECT user_id FROM jobs_jobcoordinator WHERE id = found.job_id)"

# The item, and any other item of the job that knows the key. What else is left of the job is
# counted on the way, and whether anybody wants to hear of the item is looked up.
FIND_ITEMS = f"""
    SELECT found.id, found.idx, found.status, found.attempt, found.idempotency_key,
           found.superseded_key, rest.at_work, rest.pending - rest.at_work,
           {IS_WANTED.format(user=OWNER)}
      FROM jobs_jobitem AS found, LATERAL (
           SELECT count(*) AS pending, count(*) FILTER (WHERE {AT_WORK}) AS at_work
             FROM jobs_jobitem AS item
            WHERE item.job_id = found.job_id AND {PENDING} AND item.idx <> %s
           ) AS rest
     WHERE job_id = %s AND (idx = %s OR idempotency_key = %s OR superseded_key = %s)
"""

# The item and its job together, or neither. Counters are added to, not set: a count made without
# the lock would still add up, or break on a CHECK.
STORE_RESULT = """
    WITH changed AS (
        UPDATE jobs_jobitem
           SET status = %s, output_key = %s, preview_key = %s, error = %s, warnings = %s,
               instances = %s::json, idempotency_key = %s, superseded_key = idempotency_key,
               lease_expires_at = NULL
         WHERE id = %s AND status = %s
     RETURNING job_id
    )
    UPDATE jobs_jobcoordinator AS job
       SET status = %s, done_items = done_items + %s, failed_items = failed_items + %s,
           overtime_ms = overtime_ms + %s,
           overtime_at = CASE WHEN %s THEN statement_timestamp() ELSE overtime_at END,
           finished_at = %s, updated_at = statement_timestamp()
      FROM changed
     WHERE job.id = changed.job_id
"""


class FoundItem(NamedTuple):
    """What deciding about a result needs to know of an item; how many items of the job besides the
    one asked for are sent and not reported, and how many were not sent; and whether an endpoint
    wants to hear of that one.
    """

    id: int
    idx: int
    status: str
    attempt: int
    idempotency_key: str | None
    superseded_key: str | None
    others_at_work: int
    others_unsent: int
    is_wanted: bool

    def knows_key(self, idempotency_key: str) -> bool:
        return idempotency_key in (self.idempotency_key, self.superseded_key)


class ItemChange(NamedTuple):
    """An item's new state; `before` is the status that it must still have."""

    item_id: int
    before: str
    status: str
    output_key: str
    preview_key: str
    error: str
    warnings: list[str]
    instances: dict[str, list[FoundInstance]]
    idempotency_key: str


class JobChange(NamedTuple):
    """The job's new state; `done`, `failed` and `overtime_ms` are added to its counters."""

    status: str
    done: int
    failed: int
    finished_at: datetime | None
    overtime_ms: int


def find_statement(job_id: UUID | None, idx: int, key: str, status: str) -> tuple[str, list[Any]]:
    """Asks for the item `idx` and the one that knows the key, before a result of this status;
    `found_by_idx` reads the answer."""
    return FIND_ITEMS, [f"item.{status}", idx, job_id, idx, key, key]


def found_by_idx(rows: Iterable[tuple[Any, ...]]) -> dict[int, FoundItem]:
    return {item.idx: item for item in map(FoundItem._make, rows)}


def store_result(item: ItemChange, job: JobChange) -> None:
    """Writes both changes in one statement, put off."""
    put_off(
        STORE_RESULT,
        [
            *(item.status, item.output_key, item.preview_key, item.error, item.warnings),
            *(json.dumps(item.instances, separators=(",", ":")), item.idempotency_key),
            *(item.item_id, item.before),
            *(job.status, job.done, job.failed, job.overtime_ms),
            *(job.overtime_ms > 0, job.finished_at),
        ],
        changes=1,
    )
