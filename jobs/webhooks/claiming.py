"""Taking deliveries under a lease, so that of several senders each sends others."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from jobs.webhooks.turns import PER_ENDPOINT, Turn
from s3project import ids
from s3project.rows import fetch_all

# Longer than a try may take, with what comes before and after it.
LEASE = timedelta(seconds=60)
# Of how many deliveries is chosen at once.
AT_MOST = 2000

# Endpoints one after another through the index of what is pending, then the first few of each:
# however much waits for one of them, the others are found at the same cost.
WAITING = """
    WITH RECURSIVE endpoint AS (
        (SELECT webhook_id
           FROM jobs_webhookdelivery
          WHERE status = 'pending'
          ORDER BY webhook_id
          LIMIT 1)
        UNION ALL
        SELECT (SELECT further.webhook_id
                  FROM jobs_webhookdelivery AS further
                 WHERE further.status = 'pending' AND further.webhook_id > endpoint.webhook_id
                 ORDER BY further.webhook_id
                 LIMIT 1)
          FROM endpoint
         WHERE endpoint.webhook_id IS NOT NULL
    )
    SELECT head.id, webhook.id, webhook.user_id,
           webhook.last_success_at IS NOT NULL AND webhook.failing_since IS NULL, head.due_at
      FROM endpoint
      JOIN jobs_webhook AS webhook ON webhook.id = endpoint.webhook_id AND webhook.enabled
      JOIN users_user AS owner ON owner.id = webhook.user_id AND owner.is_active,
           LATERAL (
           SELECT id, due_at
             FROM jobs_webhookdelivery AS delivery
            WHERE delivery.webhook_id = webhook.id AND delivery.status = 'pending'
              AND delivery.due_at <= statement_timestamp()
              AND (delivery.lease_expires_at IS NULL
                   OR delivery.lease_expires_at <= statement_timestamp())
            ORDER BY delivery.due_at
            LIMIT %s
           ) AS head
     ORDER BY head.due_at
     LIMIT %s
"""

# Everything is asked again of each row: another sender may have been quicker.
CLAIM = """
    UPDATE jobs_webhookdelivery AS delivery
       SET attempts = attempts + 1, last_try_at = statement_timestamp(),
           lease_expires_at = statement_timestamp() + %s * interval '1 second'
      FROM (SELECT id
              FROM jobs_webhookdelivery
             WHERE id = ANY(%s) AND status = 'pending' AND due_at <= statement_timestamp()
               AND (lease_expires_at IS NULL OR lease_expires_at <= statement_timestamp())
             ORDER BY id
               FOR NO KEY UPDATE SKIP LOCKED) AS taken,
           jobs_webhook AS webhook
     WHERE delivery.id = taken.id AND webhook.id = delivery.webhook_id AND webhook.enabled
 RETURNING delivery.id, delivery.webhook_id, webhook.user_id, webhook.url, delivery.type,
           delivery.job_id, delivery.idx, delivery.template, delivery.created_at, delivery.attempts,
           webhook.secret,
           CASE WHEN webhook.old_secret_until > statement_timestamp() THEN webhook.old_secret END
"""


class Claimed(NamedTuple):
    """A delivery that is this sender's for LEASE; `attempt` says so when it reports."""

    id: UUID
    webhook_id: UUID
    user_id: UUID
    url: str
    type: str
    job_id: UUID | None
    idx: int | None
    template: str
    happened_at: datetime
    attempt: int
    secret: str
    old_secret: str | None

    @property
    def message_id(self) -> str:
        """The `webhook-id` of every try."""
        return ids.public_id(ids.DELIVERY, self.id)

    @property
    def secrets(self) -> list[str]:
        return [self.secret, self.old_secret] if self.old_secret else [self.secret]


def waiting_turns() -> list[Turn]:
    """What is due, of each endpoint the oldest few. One statement."""
    return [Turn(*row) for row in fetch_all(WAITING, [PER_ENDPOINT, AT_MOST])]


def claim(turns: list[Turn]) -> list[Claimed]:
    """Those that are still to be had. One statement, and none for nothing."""
    if not turns:
        return []
    delivery_ids = [turn.delivery_id for turn in turns]
    return [Claimed(*row) for row in fetch_all(CLAIM, [LEASE.total_seconds(), delivery_ids])]
