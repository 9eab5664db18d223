"""The statement that leases items to the queue once their messages are published.

It runs without the job's lock, beside claims and other sweeps, so everything it relies on is asked
again of each locked row. Rows are locked in the order of idx, as everywhere, which the ORM cannot
say of an UPDATE.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection

# Only what is still due: a worker may have claimed its items already. Only forwards: a sweep that
# was held up must not take an item back to an attempt that was given up.
LEASE_TO_QUEUE = """
    UPDATE jobs_jobitem
       SET attempt = %s, claimed_by = '',
           lease_expires_at = statement_timestamp() + %s * interval '1 second'
     WHERE id IN (SELECT id
                    FROM jobs_jobitem
                   WHERE job_id = %s AND idx = ANY(%s) AND status = 'pending' AND attempt <= %s
                     AND (lease_expires_at IS NULL OR lease_expires_at < statement_timestamp())
                   ORDER BY idx
                     FOR NO KEY UPDATE)
"""


def lease_to_queue(job_id: UUID, idxs: Sequence[int], *, attempt: int, lease: timedelta) -> int:
    """Leases those of the items that are due; returns how many."""
    seconds = lease.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(LEASE_TO_QUEUE, [attempt, seconds, job_id, list(idxs), attempt])
        leased: int = cursor.rowcount
    return leased
