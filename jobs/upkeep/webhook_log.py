"""Deliveries are kept for a while: so that their owner can look, and send them again."""

import logging

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it.
ROWS_PER_RUN = 5000

# Whatever became of them: what still waits after so long is for an endpoint that is off.
DELETE = """
    DELETE FROM jobs_webhookdelivery
     WHERE id IN (SELECT id
                    FROM jobs_webhookdelivery
                   WHERE created_at < statement_timestamp() - %s * interval '1 second'
                   ORDER BY created_at
                   LIMIT %s
                     FOR UPDATE SKIP LOCKED)
"""


def delete_old_deliveries() -> int:
    """Deletes up to ROWS_PER_RUN of those older than WEBHOOK_LOG_DAYS; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DELETE, [settings.WEBHOOK_LOG_KEPT.total_seconds(), ROWS_PER_RUN])
        deleted: int = cursor.rowcount
    if deleted:
        logger.info("deleted %d old webhook deliveries", deleted)
    return deleted
