"""How the service is, at a glance: what operators see first.

The figures of the metrics, asked by the same statements, and what only people look at. Each
statement reads through an index of rows that are open or that ended lately, never a whole table
(measured in docs/performance.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from jobs.models import AuditRun, Beat, WorkerHost
from jobs.states import COMPLETED, sql_list
from jobs.watch import metrics

MINUTES = 60
HOURS = 24
REASONS = 8
# The newest jobs whose failures are told by reason: beyond so many the shares are known.
FAILING = 500
HOSTS = 30

ENDED = f"job.status IN {sql_list(COMPLETED)} AND job.storage_deleted_at IS NULL"

# Photos count when their job ends, as in the metrics: that is when the books have them.
PER_MINUTE = f"""
    SELECT least(floor(extract(epoch FROM now() - job.finished_at) / 60)::int, {MINUTES - 1}),
           sum(job.done_items)::bigint, sum(job.failed_items)::bigint
      FROM jobs_jobcoordinator job
     WHERE {ENDED} AND job.finished_at > now() - interval '{MINUTES} minutes'
     GROUP BY 1
"""
PER_HOUR = f"""
    SELECT least(floor(extract(epoch FROM now() - job.finished_at) / 3600)::int, {HOURS - 1}),
           sum(job.done_items)::bigint, sum(job.failed_items)::bigint
      FROM jobs_jobcoordinator job
     WHERE {ENDED} AND job.finished_at > now() - interval '{HOURS} hours'
     GROUP BY 1
"""
# From the jobs to their photos, whatever PostgreSQL knows of the tables: OFFSET 0 and MATERIALIZED
# keep it from reading all photos instead. Numbers in a text tell photos apart, not reasons.
FAILURES = f"""
    WITH failing AS MATERIALIZED (
         SELECT job.id FROM jobs_jobcoordinator job
          WHERE {ENDED} AND job.finished_at > now() - interval '{HOURS} hours'
            AND job.failed_items > 0
          ORDER BY job.finished_at DESC
          LIMIT {FAILING}
         )
    SELECT left(regexp_replace(item.error, '[0-9]+', '…', 'g'), 160), count(*)
      FROM failing CROSS JOIN LATERAL (
           SELECT error FROM jobs_jobitem
            WHERE job_id = failing.id AND status = 'failed' OFFSET 0
           ) item
     GROUP BY 1
     ORDER BY 2 DESC, 1
     LIMIT {REASONS}
"""
# A worker is `host:pid`; its name stays on the photo that it finished. Of each also how many of its
# photos another worker had been lost with.
MADE = f"""
    WITH lately AS MATERIALIZED (
         SELECT job.id FROM jobs_jobcoordinator job
          WHERE {ENDED} AND job.finished_at > now() - interval '{MINUTES} minutes'
         )
    SELECT regexp_replace(item.claimed_by, ':[^:]*$', ''), count(*),
           count(*) FILTER (WHERE item.attempt > 1)
      FROM lately CROSS JOIN LATERAL (
           SELECT claimed_by, attempt FROM jobs_jobitem WHERE job_id = lately.id OFFSET 0
           ) item
     GROUP BY 1
"""
# Open reservations are few; whoever keeps anything in the storage has it counted again some day.
MONEY_AND_STORAGE = """
    SELECT (SELECT coalesce(sum(item_count), 0)::bigint FROM users_reservation
             WHERE released_at IS NULL),
           (SELECT coalesce(sum(stored_bytes), 0)::bigint FROM users_userlimiter
             WHERE stored_due_at IS NOT NULL),
           (SELECT coalesce(sum(canceled_charge), 0)::bigint FROM jobs_jobcoordinator
             WHERE status = 'canceled' AND storage_deleted_at IS NULL AND canceled_charge > 0
               AND updated_at > now() - interval '1 day'
               AND finished_at > now() - interval '1 day'),
           (SELECT count(*) FROM jobs_webhookdelivery
             WHERE status = 'pending' AND due_at < now())
"""


class Ended(NamedTuple):
    """Photos of jobs that ended within a minute or an hour."""

    done: int = 0
    failed: int = 0


class WorkerRow(NamedTuple):
    """`photos` are those of jobs that ended within the last hour."""

    host: str
    backend: str
    seen_at: datetime
    photos: int


@dataclass(frozen=True)
class Dashboard:
    """`minutes` and `hours` begin with the oldest. Photos are those of jobs that ended; waits are
    in seconds. `broker` is None while it is away, `audit` and `beat`
    before the first one.
    """

    unfinished: dict[str, int]
    photos: dict[str, int]
    oldest_wait: float
    overdue: int
    rescued: int
    broker: dict[str, int] | None
    minutes: list[Ended]
    hours: list[Ended]
    failures: list[tuple[str, int]]
    workers: list[WorkerRow]
    reserved: int
    spent: int
    stored_bytes: int
    webhooks_due: int
    audit: AuditRun | None
    beat: Beat | None


def read_dashboard() -> Dashboard:
    """Twelve statements, and the lengths of the broker's queues."""
    hours = _ended(PER_HOUR, HOURS)
    ((reserved, stored, charged, webhooks),) = _rows(MONEY_AND_STORAGE)
    ((oldest,),) = metrics.read("s3_oldest_without_result_seconds")
    made = {host: (photos, rescued) for host, photos, rescued in _rows(MADE)}
    hosts = WorkerHost.objects.order_by("-seen_at").values_list("host", "backend", "seen_at")
    return Dashboard(
        unfinished=dict(metrics.read("s3_jobs_unfinished")),
        photos=dict(metrics.read("s3_photos_pending")),
        oldest_wait=oldest,
        overdue=sum(count for _, count in metrics.read("s3_jobs_overdue")),
        rescued=sum(rescued for _, rescued in made.values()),
        broker=metrics.broker_depth(),
        minutes=_ended(PER_MINUTE, MINUTES),
        hours=hours,
        failures=[(reason, count) for reason, count in _rows(FAILURES)],
        workers=[WorkerRow(*row, made.get(row[0], (0, 0))[0]) for row in hosts[:HOSTS]],
        reserved=reserved,
        spent=sum(hour.done for hour in hours) + charged,
        stored_bytes=stored,
        webhooks_due=webhooks,
        audit=AuditRun.objects.order_by("-started_at").first(),
        beat=Beat.objects.first(),
    )


def _ended(statement: str, count: int) -> list[Ended]:
    """By how long ago, the oldest first; nothing is a row of zeros."""
    found = {ago: Ended(done, failed) for ago, done, failed in _rows(statement)}
    return [found.get(ago, Ended()) for ago in reversed(range(count))]


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
