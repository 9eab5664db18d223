"""A job whose rows were deleted, read from its history in the shape of the rows."""

from typing import Any
from uuid import UUID

from django.db import connection

# The columns are fields of JobCoordinator. What the history does not know (when the job was queued)
# is left out; what was stored is gone since the history is all there is, and was before.
FACTS = """
    SELECT job_id AS id, user_id, created_at, finished_at AS updated_at, finished_at, status,
           preset, rule_id, params_json->>'output_template' AS output_template,
           cost_estimate AS total_items, done_items, failed_items,
           finished_at AS storage_deleted_at
      FROM jobs_log AS log, LATERAL (
           SELECT count(*) FILTER (WHERE status = 'done') AS done_items,
                  count(*) FILTER (WHERE status = 'failed') AS failed_items
             FROM job_items_log AS item
            WHERE item.job_id = log.job_id
           ) AS items
     WHERE archived_at IS NOT NULL
"""
ONE_JOB = f"{FACTS} AND job_id = %s AND user_id = coalesce(%s, user_id)"
# As `take_page` reads a page of jobs.
PAGE = f"""
    {FACTS} AND user_id = %s AND (cardinality(%s::text[]) = 0 OR status = ANY(%s::text[]))
        AND (%s::timestamptz IS NULL OR (created_at, job_id) < (%s::timestamptz, %s::uuid))
    ORDER BY created_at DESC, job_id DESC LIMIT %s
"""
ITEMS = """
    SELECT idx, status, error, warnings, output_key, preview_key
      FROM job_items_log
     WHERE job_id = %s
     ORDER BY idx
"""


def read_archived(
    job_id: UUID, user_id: UUID | None = None, *, lock: bool = False
) -> dict[str, Any] | None:
    """The job by the names of JobCoordinator's fields; None when it is not archived, or of another
    user than the one given. With `lock`, its history belongs to the transaction.
    """
    with connection.cursor() as cursor:
        statement = f"{ONE_JOB} FOR NO KEY UPDATE OF log" if lock else ONE_JOB
        cursor.execute(statement, [job_id, user_id])
        found = _rows(cursor)
    return found[0] if found else None


def read_archived_page(
    user_id: UUID, statuses: list[str], after: tuple[Any, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Archived jobs of a user, newest first, from a position on."""
    at, key = after or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(PAGE, [user_id, statuses, statuses, at, at, key, limit])
        return _rows(cursor)


def read_archived_items(job_id: UUID) -> list[tuple[Any, ...]]:
    """The items by idx, in the columns of `ItemRow`."""
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, [job_id])
        return list(cursor.fetchall())


def _rows(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
