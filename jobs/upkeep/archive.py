"""Old jobs are archived: their rows are deleted, and their history answers in their place.

The rows of a job and of its items serve the work and the money; a year later they only make tables
large. Once everything a job had in the storage is gone, the history knows all that is still to be
told of it (`jobs/models/archive_statements.py`). What it does not know is which callback had which
key: a late one is answered as one for a finished job, never as a duplicate.
"""

import logging

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it: up to 200 rows of items for each job.
JOBS_PER_RUN = 200

# Locks in the order job → items. A job that somebody else holds is left to the next run; one
# without a history is not archived at all (`manage.py audit` finds it).
ARCHIVE = """
    WITH old AS (
        SELECT id
          FROM jobs_jobcoordinator
         WHERE storage_deleted_at IS NOT NULL
           AND finished_at < statement_timestamp() - %s * interval '1 second'
         ORDER BY finished_at
         LIMIT %s
           FOR UPDATE SKIP LOCKED
    ), logged AS (
        UPDATE jobs_log
           SET archived_at = statement_timestamp()
          FROM old
         WHERE job_id = old.id
     RETURNING job_id
    ), items AS (
        DELETE FROM jobs_jobitem USING logged WHERE jobs_jobitem.job_id = logged.job_id
    )
    DELETE FROM jobs_jobcoordinator USING logged WHERE id = logged.job_id
"""


def archive_jobs() -> int:
    """Archives up to JOBS_PER_RUN jobs, the oldest first, in one statement; returns how many.

    Safe to run twice at once. A job is archived whole or not at all.
    """
    if settings.ARCHIVE_AFTER is None:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ARCHIVE, [settings.ARCHIVE_AFTER.total_seconds(), JOBS_PER_RUN])
        archived: int = cursor.rowcount
    logger.info("archived %d jobs", archived)
    return archived
