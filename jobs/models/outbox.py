"""The outbox: an event is written in the transaction that makes it happen, a row for every
endpoint of the user that wants it.

Who has no endpoint pays for one look into an index, within a statement that runs all the same.
"""

from uuid import UUID

from s3project import ids
from s3project.rows import execute, fetch_all

# Part of a statement that knows the user: so cheap that every result can afford it.
IS_WANTED = (
    "EXISTS (SELECT FROM jobs_webhook WHERE user_id = {user} AND enabled AND %s = ANY(events))"
)
# An endpoint is locked against its deletion, which would otherwise break the transaction that
# settles a job.
WHO_WANTS = """
    SELECT id
      FROM jobs_webhook
     WHERE user_id = %s AND enabled AND %s = ANY(events)
     ORDER BY id
       FOR KEY SHARE
"""
WRITE_EVENT = """
    INSERT INTO jobs_webhookdelivery
           (id, webhook_id, type, job_id, idx, template, status, created_at, due_at)
    SELECT told.id, told.webhook_id, %s, %s, %s::int, %s, 'pending', statement_timestamp(),
           statement_timestamp()
      FROM unnest(%s::uuid[], %s::uuid[]) AS told (id, webhook_id)
"""


def write_event(
    event: str, *, user_id: UUID, job_id: UUID, idx: int | None = None, template: str = ""
) -> int:
    """Of an item with its `idx`, of a package with the alias of its `template`. Returns how many
    endpoints are to be told. Two statements, one where there is none: to be called where IS_WANTED
    said so.
    """
    webhook_ids = [row[0] for row in fetch_all(WHO_WANTS, [user_id, event])]
    if webhook_ids:
        delivery_ids = [ids.new_id() for _ in webhook_ids]
        execute(WRITE_EVENT, [event, job_id, idx, template, delivery_ids, webhook_ids])
    return len(webhook_ids)
