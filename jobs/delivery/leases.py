"""The statements that send items to the queue: reserved for a message, and leased once it is out.

Rows are locked in the order of idx, as everywhere, which the ORM cannot say of an UPDATE.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from jobs.delivery.fair_share import Chunk
from jobs.models.item_phases import LEASE_OVER, PENDING
from s3project.rows import execute

# Runs without the job's lock, beside claims and other sweeps, so everything it relies on is asked
# again of each locked row. Only what is still due, or reserved for this very message (never sent,
# and yet with a lease): a worker may have claimed its items already. Only forwards: a sweep that
# was held up must not take an item back to an attempt that was given up.
LEASE_TO_QUEUE = f"""
    UPDATE jobs_jobitem AS item
       SET attempt = sent.attempt, claimed_by = '',
           lease_expires_at = statement_timestamp() + %s * interval '1 second'
      FROM (SELECT item.id, sent.attempt
              FROM jobs_jobitem AS item
              JOIN unnest(%s::int[], %s::int[]) AS sent (idx, attempt) ON sent.idx = item.idx
             WHERE item.job_id = %s AND {PENDING} AND item.attempt <= sent.attempt
               AND ({LEASE_OVER} OR item.attempt = 0)
             ORDER BY item.idx
               FOR NO KEY UPDATE OF item) AS sent
     WHERE item.id = sent.id
"""

# Under the job's lock. The lease ends soon when the message is never published; and no attempt
# begins before it is.
RESERVE = """
    UPDATE jobs_jobitem
       SET lease_expires_at = statement_timestamp() + %s * interval '1 second'
     WHERE job_id = %s AND idx = ANY(%s)
"""


def lease_to_queue(job_id: UUID, chunks: Iterable[Chunk], *, lease: timedelta) -> int:
    """Leases those of the published items that are due or reserved; returns how many."""
    rows = [(idx, chunk.attempt) for chunk in chunks for idx in chunk.idxs]
    idxs, attempts = (list(column) for column in zip(*rows, strict=True))
    return execute(LEASE_TO_QUEUE, [lease.total_seconds(), idxs, attempts, job_id])


def reserve(job_id: UUID, chunks: Iterable[Chunk], *, lease: timedelta) -> None:
    """Keeps items that were never sent for messages that are about to be published."""
    idxs = [idx for chunk in chunks for idx in chunk.idxs]
    execute(RESERVE, [lease.total_seconds(), job_id, idxs])
