"""The conservation laws of money, slots, counters and history, each as one query (design §2).

A row is *sound* or it is a violation; NULL counts as a violation, so that a comparison with what
is missing cannot pass. Rows that retention took away are no violation: a settled reservation or
a history row may outlive its job.

`billing_events` is not read in the order of its rows: `created_at` and the UUIDv7 come from the
clocks of the processes, and two events of one user may tie or stand reversed. Whether each
balance is where the next event began is checked without an order: over all events of a user,
every value must be left as often as it was reached, starting at 0 and ending at the credits.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from s3project import ids

EXAMPLES = 5


@dataclass(frozen=True)
class Check:
    """`rows` selects (id, sound) of everything that is checked. An id is a key, which `prefix`
    makes public, or what the ledger calls a job, which may be anything.
    """

    name: str
    prefix: str
    rows: str


@dataclass(frozen=True)
class Finding:
    check: Check
    rows: int
    violations: int
    examples: list[str]
    seconds: float


CHECKS = (
    Check(
        "credits are the sum of the ledger",
        ids.USER,
        """
        SELECT coalesce(limiter.user_id, ledger.user_id) AS id,
               limiter.credits = coalesce(ledger.total, 0) AS sound
          FROM users_userlimiter limiter
          FULL JOIN (SELECT user_id, sum(amount) AS total FROM billing_events GROUP BY user_id)
               ledger USING (user_id)
        """,
    ),
    Check(
        "each balance begins where one ended",
        ids.USER,
        """
        SELECT user_id AS id, bool_and(left_over = 0) AS sound
          FROM (SELECT user_id, balance, sum(step) AS left_over
                  FROM (SELECT user_id, balance_after AS balance, 1 AS step FROM billing_events
                        UNION ALL
                        SELECT user_id, balance_after - amount, -1 FROM billing_events
                        UNION ALL
                        SELECT user_id, 0, 1 FROM users_userlimiter
                        UNION ALL
                        SELECT user_id, credits, -1 FROM users_userlimiter) steps
                 GROUP BY user_id, balance) balances
         GROUP BY user_id
        """,
    ),
    Check(
        "each reservation is charged once",
        ids.JOB,
        """
        SELECT ref AS id,
               charge.times = 1 AND charge.amount = -reservation.item_count
               AND charge.user_id = reservation.limiter_id::text AS sound
          FROM (SELECT *, 'job_' || replace(job_id::text, '-', '') AS ref FROM users_reservation)
               reservation
          FULL JOIN (SELECT ref, count(*) AS times, sum(amount) AS amount,
                            min(user_id::text) AS user_id
                       FROM billing_events WHERE type = 'reserve' GROUP BY ref)
               charge USING (ref)
        """,
    ),
    Check(
        "each reservation is settled once, when released",
        ids.JOB,
        """
        SELECT ref AS id,
               CASE WHEN reservation.released_at IS NULL
                    THEN reservation.job_id IS NOT NULL AND settlement.times IS NULL
                    ELSE settlement.times = 1 AND settlement.type = reservation.outcome
                         AND settlement.user_id = reservation.limiter_id::text
                         AND settlement.amount <= reservation.item_count
                END AS sound
          FROM (SELECT *, 'job_' || replace(job_id::text, '-', '') AS ref FROM users_reservation)
               reservation
          FULL JOIN (SELECT ref, count(*) AS times, min(type) AS type, sum(amount) AS amount,
                            min(user_id::text) AS user_id
                       FROM billing_events WHERE type IN ('commit', 'rollback') GROUP BY ref)
               settlement USING (ref)
        """,
    ),
    Check(
        "each settlement pays back what was not done",
        ids.JOB,
        """
        SELECT job.id,
               event.type = CASE job.status WHEN 'done' THEN 'commit' ELSE 'rollback' END
               AND event.amount = job.total_items
                   - CASE job.status WHEN 'done' THEN job.done_items ELSE 0 END AS sound
          FROM jobs_jobcoordinator job
          LEFT JOIN billing_events event
               ON event.ref = 'job_' || replace(job.id::text, '-', '')
               AND event.type IN ('commit', 'rollback')
         WHERE job.finished_at IS NOT NULL
        """,
    ),
    Check(
        "each job holds its reservation until it ends",
        ids.JOB,
        """
        SELECT coalesce(job.id, reservation.job_id) AS id,
               CASE WHEN job.id IS NULL THEN reservation.released_at IS NOT NULL
                    ELSE reservation.limiter_id = job.user_id
                         AND reservation.item_count = job.total_items
                         AND (reservation.released_at IS NULL)
                             = (job.status NOT IN ('done', 'failed', 'canceled'))
                END AS sound
          FROM jobs_jobcoordinator job
          FULL JOIN users_reservation reservation ON reservation.job_id = job.id
        """,
    ),
    Check(
        "active_jobs = open reservations = unfinished jobs",
        ids.USER,
        """
        SELECT coalesce(limiter.user_id, reserved.user_id, unfinished.user_id) AS id,
               limiter.active_jobs = coalesce(reserved.jobs, 0)
               AND limiter.active_jobs = coalesce(unfinished.jobs, 0) AS sound
          FROM users_userlimiter limiter
          FULL JOIN (SELECT limiter_id AS user_id, count(*) AS jobs FROM users_reservation
                      WHERE released_at IS NULL GROUP BY 1)
               reserved USING (user_id)
          FULL JOIN (SELECT user_id, count(*) AS jobs FROM jobs_jobcoordinator
                      WHERE status NOT IN ('done', 'failed', 'canceled') GROUP BY 1)
               unfinished USING (user_id)
        """,
    ),
    Check(
        "progress counts the items",
        ids.JOB,
        """
        SELECT job.id,
               items.total = job.total_items AND items.done = job.done_items
               AND items.failed = job.failed_items AS sound
          FROM jobs_jobcoordinator job
          LEFT JOIN (SELECT job_id, count(*) AS total,
                            count(*) FILTER (WHERE status = 'done') AS done,
                            count(*) FILTER (WHERE status = 'failed') AS failed
                       FROM jobs_jobitem GROUP BY job_id)
               items ON items.job_id = job.id
        """,
    ),
    Check(
        "history is complete, for finished jobs only",
        ids.JOB,
        """
        SELECT coalesce(job.id, log.job_id, items.job_id) AS id,
               CASE WHEN job.id IS NULL
                    THEN items.total = log.cost_estimate
                    WHEN job.status IN ('done', 'failed', 'canceled')
                    THEN log.status = job.status AND log.user_id = job.user_id
                         AND log.finished_at = job.finished_at
                         AND log.cost_estimate = job.total_items
                         AND items.total = job.total_items AND items.done = job.done_items
                         AND items.failed = job.failed_items
                    ELSE log.job_id IS NULL AND items.job_id IS NULL
                END AS sound
          FROM jobs_jobcoordinator job
          FULL JOIN jobs_log log ON log.job_id = job.id
          FULL JOIN (SELECT job_id, count(*) AS total,
                            count(*) FILTER (WHERE status = 'done') AS done,
                            count(*) FILTER (WHERE status = 'failed') AS failed
                       FROM job_items_log GROUP BY job_id)
               items ON items.job_id = coalesce(job.id, log.job_id)
        """,
    ),
    Check(
        "rule_slots_used = saved rules",
        ids.USER,
        """
        SELECT coalesce(limiter.user_id, saved.user_id) AS id,
               limiter.rule_slots_used = coalesce(saved.rules, 0) AS sound
          FROM users_userlimiter limiter
          FULL JOIN (SELECT user_id, count(*) AS rules FROM jobs_rule GROUP BY user_id)
               saved USING (user_id)
        """,
    ),
)


def audit() -> Iterator[Finding]:
    """Every check against one snapshot: right on a live system, and in nobody's way.

    Cannot be called inside a transaction.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # What bounds a request's statement would end a check of a large table.
            cursor.execute("SET LOCAL statement_timeout = 0")
        for check in CHECKS:
            yield run(check)


def run(check: Check) -> Finding:
    """One check in the caller's transaction."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        # The text is made of constants of this module.
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE sound IS NOT TRUE), "  # noqa: S608
            "(array_agg(id) FILTER (WHERE sound IS NOT TRUE))[1:%s] "
            f"FROM ({check.rows}) checked",
            [EXAMPLES],
        )
        rows, violations, keys = cursor.fetchone()
    examples: list[UUID | str] = keys or []
    return Finding(
        check=check,
        rows=rows,
        violations=violations,
        examples=[
            key if isinstance(key, str) else ids.public_id(check.prefix, key) for key in examples
        ],
        seconds=time.perf_counter() - started,
    )
