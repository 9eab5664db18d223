"""What operators watch, asked of the database at each scrape.

Processes come and go and share nothing, so nothing is counted in their memory: every figure is a
state, or what happened within the last hour, and is the same whichever web process answers.
"""

import logging
from collections.abc import Iterable, Iterator

import redis
from django.conf import settings
from django.db import connection
from kombu.transport.redis import Channel
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs.delivery.fair_share import LEVELS
from jobs.delivery.publish import GPU_QUEUE, MAINTENANCE_QUEUE, PACKAGES_QUEUE
from jobs.models.item_phases import DUE, IN_HAND, PENDING, UNSENT
from jobs.result_keys import TIMEOUT, WORKER_LOST
from jobs.states import COMPLETED, IN_WORK, WAITING, sql_list
from jobs.watch.audit_checks import deadlines

logger = logging.getLogger(__name__)

# name, help, labels, and the statement that gives a row of labels and value for each sample. Each
# reads through an index of jobs that are unfinished, or that finished lately.
QUERIES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "s3_jobs_unfinished",
        "Jobs by status.",
        ("status",),
        f"""
        SELECT status, count(*) FROM jobs_jobcoordinator
         WHERE status IN {sql_list(WAITING)} GROUP BY status
         UNION ALL
        SELECT status, count(*) FROM jobs_jobcoordinator
         WHERE status IN {sql_list(IN_WORK)} GROUP BY status
        """,
    ),
    (
        "s3_photos_pending",
        "Photos of jobs in work: in the hands of a worker, sent and waiting, not sent yet, or due "
        "because their lease ran out.",
        ("state",),
        f"""
        SELECT CASE WHEN {UNSENT} THEN 'unsent'
                    WHEN {DUE} THEN 'due'
                    WHEN {IN_HAND} THEN 'in_hand'
                    ELSE 'waiting' END AS state, count(*)
          FROM jobs_jobcoordinator job JOIN jobs_jobitem item ON item.job_id = job.id
         WHERE job.status IN {sql_list(IN_WORK)} AND {PENDING}
         GROUP BY 1
        """,
    ),
    (
        "s3_oldest_without_result_seconds",
        "How long a job in work has waited for a result, at most.",
        (),
        f"""
        SELECT coalesce(extract(epoch FROM now() - min(updated_at)), 0)::float
          FROM jobs_jobcoordinator WHERE status IN {sql_list(IN_WORK)}
        """,
    ),
    (
        "s3_jobs_finished_last_hour",
        "Jobs that are done or failed since an hour ago.",
        ("status",),
        f"""
        SELECT status, count(*) FROM jobs_jobcoordinator
         WHERE status IN {sql_list(COMPLETED)} AND storage_deleted_at IS NULL
           AND finished_at > now() - interval '1 hour'
         GROUP BY status
        """,
    ),
    (
        "s3_photos_finished_last_hour",
        "Photos of jobs that finished since an hour ago; `error` is worker_lost or timeout when no "
        "worker came through, photo for anything about the photo, and empty for a result.",
        ("error",),
        f"""
        SELECT CASE WHEN item.status = 'done' THEN ''
                    WHEN item.error IN ('{WORKER_LOST}', '{TIMEOUT}') THEN item.error
                    ELSE 'photo' END AS error, count(*)
          FROM jobs_jobcoordinator job JOIN jobs_jobitem item ON item.job_id = job.id
         WHERE job.status IN {sql_list(COMPLETED)} AND job.storage_deleted_at IS NULL
           AND job.finished_at > now() - interval '1 hour'
         GROUP BY 1
        """,
    ),
    (
        "s3_photos_rescued_last_hour",
        "Photos of jobs that finished since an hour ago which took more than one attempt.",
        (),
        f"""
        SELECT count(*)
          FROM jobs_jobcoordinator job JOIN jobs_jobitem item ON item.job_id = job.id
         WHERE job.status IN {sql_list(COMPLETED)} AND job.storage_deleted_at IS NULL
           AND job.finished_at > now() - interval '1 hour' AND item.attempt > 1
        """,
    ),
    (
        "s3_jobs_overdue",
        "Unfinished jobs that should have been ended by the clock, by status: expiry is behind.",
        ("status",),
        f"""
        SELECT status, count(*) FROM jobs_jobcoordinator
         WHERE status = 'created' AND updated_at < now() - %(created)s * interval '1 second'
            OR status = 'uploaded' AND updated_at < now() - %(uploaded)s * interval '1 second'
            OR status IN {sql_list(IN_WORK)}
               AND updated_at < now() - %(stalled)s * interval '1 second'
         GROUP BY status
        """,
    ),
    (
        "s3_packages",
        "Packages that were asked for since an hour ago, and all that are pending, by status.",
        ("status",),
        """
        SELECT status, count(*) FROM jobs_jobpackage
         WHERE status = 'pending' OR asked_at > now() - interval '1 hour'
         GROUP BY status
        """,
    ),
    (
        "s3_acts_last_hour",
        "Rows of the audit log since an hour ago, and how often it happened: refusals come in "
        "streaks, of which only powers of ten are rows.",
        ("action",),
        """
        SELECT action, sum(times)::float FROM (
            SELECT action, max(coalesce((details->>'times')::bigint, 0)) AS times FROM acts
             WHERE created_at > now() - interval '1 hour' AND details ? 'times'
             GROUP BY action, object_id, address
             UNION ALL
            SELECT action, count(*) FROM acts
             WHERE created_at > now() - interval '1 hour' AND NOT details ? 'times'
             GROUP BY action
        ) AS happened GROUP BY action
        """,
    ),
    (
        "s3_audit_violations",
        "What the last audit found; absent before the first.",
        (),
        """
        SELECT (SELECT count(*) FROM jsonb_object_keys(violations))
          FROM jobs_auditrun ORDER BY started_at DESC LIMIT 1
        """,
    ),
    (
        "s3_audit_age_seconds",
        "How long ago the last audit ended.",
        (),
        """
        SELECT extract(epoch FROM now() - started_at)::float
          FROM jobs_auditrun ORDER BY started_at DESC LIMIT 1
        """,
    ),
)


class S3Collector(Collector):
    """Every sample of one scrape."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield from _from_database()
        yield from _from_broker()


def _from_database() -> Iterator[GaugeMetricFamily]:
    with connection.cursor() as cursor:
        for name, text, labels, statement in QUERIES:
            family = GaugeMetricFamily(name, text, labels=labels)
            cursor.execute(statement, deadlines())
            for *values, number in cursor.fetchall():
                family.add_metric(values, number)
            yield family


def _from_broker() -> Iterator[GaugeMetricFamily]:
    """Nothing while the broker is away: the database's figures matter more."""
    family = GaugeMetricFamily(
        "s3_broker_messages", "Messages that wait for a worker.", labels=("queue",)
    )
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1
        ) as broker:
            for queue, length in queue_lengths(broker).items():
                family.add_metric([queue], length)
    except (redis.RedisError, ValueError):
        logger.warning("the broker does not answer: its queues are not in the metrics")
    yield family


def queue_lengths(broker: redis.Redis) -> dict[str, int]:
    """Queue → messages that wait in it. Raises redis.RedisError."""
    lengths = {}
    for queue in (GPU_QUEUE, PACKAGES_QUEUE, MAINTENANCE_QUEUE):
        # Kombu's names: a list for each level of a queue, that of level 0 without a number.
        lists = [queue, *(f"{queue}{Channel.sep}{level}" for level in range(1, LEVELS))]
        lengths[queue] = sum(broker.llen(name) for name in lists)
    return lengths
