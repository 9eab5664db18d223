"""Old jobs are archived: their items are deleted, and the history answers in their place.

A job's row is narrow and stays for good. Its items serve the work and the money; months later they
only make a table large. Once everything a job had in the storage is gone, the history of its items
has all that is still to be told of them. What it does not know is which callback had which key: a
late one is answered as one for a finished job, never as a duplicate.
"""

import logging

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it: up to 200 rows of items for each job.
JOBS_PER_RUN = 200

# Locks in the order job → items. A job that somebody else holds is left to the next run; one
# without a history is not archived at all (`manage.py audit` finds it). `updated_at` stays: what a
# client sees does not change.
ARCHIVE = """
    WITH old AS (
        SELECT id
          FROM jobs_jobcoordinator AS job
         WHERE storage_deleted_at IS NOT NULL AND archived_at IS NULL
           AND finished_at < statement_timestamp() - %s * interval '1 second'
           AND EXISTS (SELECT FROM jobs_log WHERE job_id = job.id)
         ORDER BY finished_at
         LIMIT %s
           FOR NO KEY UPDATE SKIP LOCKED
    ), items AS (
        DELETE FROM jobs_jobitem USING old WHERE job_id = old.id
    ), packages AS (
        DELETE FROM jobs_jobpackage USING old WHERE job_id = old.id
    )
    UPDATE jobs_jobcoordinator AS job
       SET archived_at = statement_timestamp()
      FROM old
     WHERE job.id = old.id
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
