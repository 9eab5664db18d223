"""What must hold of the database, each as one query (architecture §2).

A row is *sound* or it is a violation; NULL counts as a violation, so that a comparison with what
is missing cannot pass. The items of an archived job are in the history only.

`billing_events` is not read in the order of its rows: `created_at` and the UUIDv7 come from the
clocks of the processes, and two events of one user may tie or stand reversed. Whether each
balance is where the next event began is checked without an order: over all events of a user,
every value must be left as often as it was reached, starting at 0 and ending at the credits. (Sums
of hashes would tell the same in a fifth of the time, but for a chance: this is about money.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from jobs.states import FINISHED, IN_WORK, UNFINISHED, sql_list
from s3project import ids

# What the maintenance worker may be late by before something is wrong with it.
SLACK = timedelta(minutes=15)
NEVER = timedelta(days=365_000)


def deadlines() -> dict[str, float]:
    """By when each status ends (`jobs/upkeep/expiry.py`), and how long ago a lease may have
    ended, in seconds, the sweep's delay included.
    """
    stalled = settings.STALLED_AFTER
    limits = {
        "created": settings.CREATED_EXPIRES_AFTER,
        "uploaded": settings.UPLOADED_EXPIRES_AFTER,
        # A job whose photos are in hand is given as long again.
        "stalled": None if stalled is None else 2 * stalled + settings.WORK_LEASE,
        "slack": timedelta(0),
    }
    return {
        name: (NEVER if limit is None else limit + SLACK).total_seconds()
        for name, limit in limits.items()
    }


@dataclass(frozen=True)
class Check:
    """`rows` selects (id, sound) of everything that is checked. An id is a key, which `prefix`
    makes public, or what the ledger calls a job, which may be anything.
    """

    name: str
    prefix: str
    rows: str
    parameters: Callable[[], Mapping[str, float]] = dict


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
               event.type = CASE WHEN charge > 0 THEN 'commit' ELSE 'rollback' END
               AND event.amount = job.total_items - charge AS sound
          FROM jobs_jobcoordinator job
         CROSS JOIN LATERAL (
               SELECT CASE job.status WHEN 'done' THEN job.done_items
                      ELSE job.canceled_charge END AS charge
               ) AS charged
          LEFT JOIN billing_events event
               ON event.ref = 'job_' || replace(job.id::text, '-', '')
               AND event.type IN ('commit', 'rollback')
         WHERE job.finished_at IS NOT NULL
        """,
    ),
    Check(
        "each job holds its reservation until it ends",
        ids.JOB,
        f"""
        SELECT coalesce(job.id, reservation.job_id) AS id,
               reservation.limiter_id = job.user_id AND reservation.item_count = job.total_items
               AND (reservation.released_at IS NULL)
                   = (job.status NOT IN {sql_list(FINISHED)}) AS sound
          FROM jobs_jobcoordinator job
          FULL JOIN users_reservation reservation ON reservation.job_id = job.id
        """,
    ),
    Check(
        "active_jobs = open reservations = unfinished jobs",
        ids.USER,
        f"""
        SELECT coalesce(limiter.user_id, reserved.user_id, unfinished.user_id) AS id,
               limiter.active_jobs = coalesce(reserved.jobs, 0)
               AND limiter.active_jobs = coalesce(unfinished.jobs, 0) AS sound
          FROM users_userlimiter limiter
          FULL JOIN (SELECT limiter_id AS user_id, count(*) AS jobs FROM users_reservation
                      WHERE released_at IS NULL GROUP BY 1)
               reserved USING (user_id)
          FULL JOIN (SELECT user_id, count(*) AS jobs FROM jobs_jobcoordinator
                      WHERE status NOT IN {sql_list(FINISHED)} GROUP BY 1)
               unfinished USING (user_id)
        """,
    ),
    Check(
        "progress counts the items",
        ids.JOB,
        """
        SELECT job.id,
               CASE WHEN job.archived_at IS NOT NULL THEN items.total IS NULL
                    ELSE items.total = job.total_items AND items.done = job.done_items
                         AND items.failed = job.failed_items
                END AS sound
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
        f"""
        SELECT coalesce(job.id, log.job_id, items.job_id) AS id,
               CASE WHEN job.status IN {sql_list(FINISHED)}
                    THEN log.status = job.status AND log.user_id = job.user_id
                         AND log.finished_at = job.finished_at
                         AND log.cost_estimate = job.total_items
                         AND items.total = job.total_items AND items.done = job.done_items
                         AND items.failed = job.failed_items
                    ELSE job.id IS NOT NULL AND log.job_id IS NULL AND items.job_id IS NULL
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
    Check(
        "each photo ended as its history says",
        ids.JOB,
        """
        SELECT item.job_id AS id,
               log.status = item.status AND log.error = item.error
               AND log.output_key = item.output_key
               AND (item.status <> 'pending' OR job.status = 'canceled') AS sound
          FROM jobs_jobitem item
          JOIN jobs_jobcoordinator job ON job.id = item.job_id
          LEFT JOIN job_items_log log ON log.job_id = item.job_id AND log.idx = item.idx
               -- Most of the history is of jobs that have no items any more.
               AND log.job_id >= (SELECT job_id FROM jobs_jobitem ORDER BY job_id LIMIT 1)
         WHERE job.finished_at IS NOT NULL
        """,
    ),
    Check(
        "each photo lies with the upload of its own user",
        ids.JOB,
        """
        SELECT item.job_id AS id,
               starts_with(
                   item.input_key,
                   'inputs/u_' || replace(upload.user_id::text, '-', '')
                   || '/job_' || replace(upload.id::text, '-', '') || '/'
               ) AND upload.user_id = job.user_id AS sound
          FROM jobs_jobitem item
          JOIN jobs_jobcoordinator job ON job.id = item.job_id
          LEFT JOIN jobs_jobcoordinator upload ON upload.id = coalesce(job.photos_job_id, job.id)
        """,
    ),
    Check(
        "nothing is older than its deadline",
        ids.JOB,
        f"""
        SELECT id,
               CASE status
                    WHEN 'created' THEN updated_at > now() - %(created)s * interval '1 second'
                    WHEN 'uploaded' THEN updated_at > now() - %(uploaded)s * interval '1 second'
                    ELSE updated_at > now() - %(stalled)s * interval '1 second'
                END AS sound
          FROM jobs_jobcoordinator
         WHERE status IN {sql_list(UNFINISHED)}
        """,
        deadlines,
    ),
    Check(
        "each package is of a done job that is kept",
        ids.JOB,
        """
        SELECT package.job_id AS id,
               job.status = 'done' AND job.deleted_at IS NULL AND job.archived_at IS NULL AS sound
          FROM jobs_jobpackage package
          JOIN jobs_jobcoordinator job ON job.id = package.job_id
        """,
    ),
    Check(
        "no lease of a package ended long ago",
        ids.JOB,
        """
        SELECT job_id AS id,
               attempt = 0 OR lease_expires_at IS NULL
               OR lease_expires_at > now() - %(slack)s * interval '1 second' AS sound
          FROM jobs_jobpackage
         WHERE status = 'pending'
        """,
        deadlines,
    ),
    Check(
        "no lease ended long ago",
        ids.JOB,
        f"""
        SELECT item.job_id AS id,
               item.attempt = 0 OR item.lease_expires_at IS NULL
               OR item.lease_expires_at > now() - %(slack)s * interval '1 second' AS sound
          FROM jobs_jobitem item
          JOIN jobs_jobcoordinator job ON job.id = item.job_id
         WHERE item.status = 'pending' AND job.status IN {sql_list(IN_WORK)}
        """,
        deadlines,
    ),
)
