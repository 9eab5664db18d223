"""The outbox: an event is written in the transaction that makes it happen, a row for every
endpoint of the user that wants it.

Who has no endpoint pays for one look into an index.
"""

from uuid import UUID

from django.db import connection

from jobs.models.webhook import MAX_WEBHOOKS
from s3project import ids

# Part of a statement that knows the user: so cheap that every result can afford it.
IS_WANTED = (
    "EXISTS (SELECT FROM jobs_webhook WHERE user_id = {user} AND enabled AND %s = ANY(events))"
)
# The endpoint is locked against its deletion, which would otherwise break the transaction that
# settles a job.
WRITE_EVENT = """
    INSERT INTO jobs_webhookdelivery
           (id, webhook_id, type, job_id, idx, status, created_at, due_at)
    SELECT (%s::uuid[])[row_number() OVER ()], wanted.id, %s, %s, %s::int, 'pending',
           statement_timestamp(), statement_timestamp()
      FROM (SELECT id
              FROM jobs_webhook
             WHERE user_id = %s AND enabled AND %s = ANY(events)
             ORDER BY id
               FOR KEY SHARE) AS wanted
"""


def write_event(event: str, *, user_id: UUID, job_id: UUID, idx: int | None = None) -> int:
    """Returns how many endpoints are to be told. One statement."""
    delivery_ids = [ids.new_id() for _ in range(MAX_WEBHOOKS)]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_EVENT, [delivery_ids, event, job_id, idx, user_id, event])
        written: int = cursor.rowcount
    return written
