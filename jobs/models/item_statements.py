"""The statements that make the items of a job, and lease them to a worker, written out: every set
runs them, and of one that the ORM builds for ten items nothing can be prepared.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from jobs.models.item import NewPhoto
from jobs.models.item_phases import LEASE_OVER, PENDING
from s3project.rows import fetch_all, put_off, rows_of

if TYPE_CHECKING:  # it is made of these
    from jobs.models.coordinator import JobCoordinator

# In the order of idx, since the sweep leases items without the lock of the job; and no locks are
# taken in the order of an UPDATE.
LEASE_ITEMS = f"""
    WITH granted AS (
        SELECT id, idx, input_key
          FROM jobs_jobitem AS item
         WHERE job_id = %s AND idx = ANY(%s) AND {PENDING} AND attempt <= %s
           AND ({LEASE_OVER} OR claimed_by = '' OR claimed_by = %s)
         ORDER BY idx
           FOR NO KEY UPDATE OF item
    )
    UPDATE jobs_jobitem AS item
       SET claimed_by = %s, attempt = %s,
           lease_expires_at = statement_timestamp() + %s * interval '1 second'
      FROM granted
     WHERE item.id = granted.id
 RETURNING granted.idx, granted.input_key
"""

INPUT_KEYS = "SELECT idx, input_key FROM jobs_jobitem WHERE job_id = %s ORDER BY idx"


@cache
def _create_job(model: "type[JobCoordinator]") -> str:
    """Of 200 photos four arrays are sent."""
    jobs = rows_of(model)
    return f"""
        WITH job AS (
            {jobs.insert_into} VALUES ({jobs.placeholders})
        )
        INSERT INTO jobs_jobitem
               (job_id, idx, status, input_key, name, declared_bytes, source_idx, output_key,
                preview_key, error, warnings, attempt, claimed_by)
        SELECT %s, place - 1, 'pending', input_key, name, declared_bytes, source_idx, '', '', '',
               '{{}}', 0, ''
          FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[])
               WITH ORDINALITY AS photo (input_key, name, declared_bytes, source_idx, place)
    """


def store_job(job: "JobCoordinator", photos: Sequence[NewPhoto]) -> None:
    """Inserts a new job, and an item for each photo in their order; put off."""
    put_off(
        _create_job(type(job)),
        [
            *rows_of(type(job)).values(job),
            job.id,
            [photo.input_key for photo in photos],
            [photo.name for photo in photos],
            [photo.declared_bytes for photo in photos],
            [photo.source_idx for photo in photos],
        ],
        changes=len(photos),
    )
    rows_of(type(job)).stored(job)


def lease_items(
    job_id: UUID, idxs: Sequence[int], *, attempt: int, worker: str, lease: timedelta
) -> dict[int, str]:
    """Leases those of the items to a worker that are pending, not sent again since `attempt`, and
    nobody else's; by idx where their photos are. Belongs under the job's lock.
    """
    rows = fetch_all(
        LEASE_ITEMS,
        [
            *(job_id, list(idxs), attempt, worker),
            *(worker, attempt, lease.total_seconds()),
        ],
    )
    return dict(sorted(rows))


def input_keys(job_id: UUID) -> dict[int, str]:
    """By idx where the photos of a job are, in their order."""
    return dict(fetch_all(INPUT_KEYS, [job_id]))
