"""The figures that operators watch, each as a statement.

Each reads through an index of jobs that are unfinished, or that finished lately.
"""

from collections.abc import Sequence
from typing import NamedTuple

from jobs.models.item_phases import DUE, IN_HAND, PENDING, UNSENT
from jobs.models.webhook_delivery import DeliveryStatus
from jobs.result_keys import TIMEOUT, WORKER_LOST
from jobs.states import COMPLETED, IN_WORK, UNFINISHED, WAITING, JobStatus, PackageStatus, sql_list
from s3project.acts.words import Action


class Query(NamedTuple):
    """`statement` gives a row of labels and value for each sample; the `known` values of the one
    label that it gives no row for are 0."""

    name: str
    text: str
    labels: tuple[str, ...]
    statement: str
    known: Sequence[str] = ()


QUERIES: tuple[Query, ...] = (
    Query(
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
        sorted(UNFINISHED),
    ),
    Query(
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
        ("in_hand", "waiting", "unsent", "due"),
    ),
    Query(
        "s3_oldest_without_result_seconds",
        "How long a job in work has waited for a result, at most.",
        (),
        f"""
        SELECT coalesce(extract(epoch FROM now() - min(updated_at)), 0)::float
          FROM jobs_jobcoordinator WHERE status IN {sql_list(IN_WORK)}
        """,
    ),
    Query(
        "s3_jobs_finished_last_hour",
        "Jobs that are done or failed since an hour ago.",
        ("status",),
        f"""
        SELECT status, count(*) FROM jobs_jobcoordinator
         WHERE status IN {sql_list(COMPLETED)} AND storage_deleted_at IS NULL
           AND finished_at > now() - interval '1 hour'
         GROUP BY status
        """,
        sorted(COMPLETED),
    ),
    Query(
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
        ("", WORKER_LOST, TIMEOUT, "photo"),
    ),
    Query(
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
    Query(
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
        (JobStatus.CREATED, JobStatus.UPLOADED, *sorted(IN_WORK)),
    ),
    Query(
        "s3_packages",
        "Packages that were asked for since an hour ago, and all that are pending, by status.",
        ("status",),
        """
        SELECT status, count(*) FROM jobs_jobpackage
         WHERE status = 'pending' OR asked_at > now() - interval '1 hour'
         GROUP BY status
        """,
        tuple(PackageStatus),
    ),
    Query(
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
        Action.values,
    ),
    Query(
        "s3_audit_violations",
        "What the last audit found; absent before the first.",
        (),
        """
        SELECT (SELECT count(*) FROM jsonb_object_keys(violations))
          FROM jobs_auditrun ORDER BY started_at DESC LIMIT 1
        """,
    ),
    Query(
        "s3_audit_age_seconds",
        "How long ago the last audit ended.",
        (),
        """
        SELECT extract(epoch FROM now() - started_at)::float
          FROM jobs_auditrun ORDER BY started_at DESC LIMIT 1
        """,
    ),
    Query(
        "s3_beat_age_seconds",
        "How long ago maintenance last did what its clock told it to; before the first time, how "
        "long ago the database was migrated.",
        (),
        """
        SELECT greatest(extract(epoch FROM now() - coalesce(
                   (SELECT seen_at FROM jobs_beat), (SELECT max(applied) FROM django_migrations)
               )), 0)::float
        """,
    ),
    Query(
        "s3_webhooks_pending",
        "Deliveries that are not made yet: waiting for a retry, or due.",
        ("state",),
        """
        SELECT CASE WHEN due_at <= now() THEN 'due' ELSE 'waiting' END, count(*)
          FROM jobs_webhookdelivery delivery
          JOIN jobs_webhook webhook ON webhook.id = delivery.webhook_id AND webhook.enabled
         WHERE delivery.status = 'pending' GROUP BY 1
        """,
        ("due", "waiting"),
    ),
    Query(
        "s3_webhook_oldest_due_seconds",
        "How long a delivery that is due has waited, at most; retries of failing endpoints are due "
        "when their time has come.",
        (),
        """
        SELECT coalesce(extract(epoch FROM now() - min(delivery.due_at)), 0)::float
          FROM jobs_webhookdelivery delivery
          JOIN jobs_webhook webhook ON webhook.id = delivery.webhook_id AND webhook.enabled
         WHERE delivery.status = 'pending' AND delivery.due_at <= now()
        """,
    ),
    Query(
        "s3_webhooks_last_hour",
        "Deliveries of events since an hour ago, by where they stand.",
        ("status",),
        """
        SELECT status, count(*) FROM jobs_webhookdelivery
         WHERE created_at > now() - interval '1 hour' GROUP BY status
        """,
        DeliveryStatus.values,
    ),
    Query(
        "s3_webhooks_switched_off",
        "Endpoints that were switched off because they failed for too long, or are gone.",
        (),
        "SELECT count(*) FROM jobs_webhook WHERE NOT enabled AND off_reason <> 'owner'",
    ),
)
