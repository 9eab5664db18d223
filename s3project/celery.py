"""The Celery application: `celery -A s3project worker -Q gpu` or `-Q maintenance -B`.

A broker message is a hint: leases in the database decide who works on what (architecture §3). What
is set here only makes loss and doubling rare, never decides correctness.
"""

import argparse
import os
import sys
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s3project.settings")

from django.conf import settings

from s3project.metrics.folder import share_folder

PROGRAM = Path(sys.argv[0])
IS_CELERY = PROGRAM.name == "celery" or PROGRAM.parts[-2:] == ("celery", "__main__.py")
if IS_CELERY and not settings.CELERY_BROKER_URL:
    sys.exit("No broker is known: run `make serve` in this checkout, or set CELERY_BROKER_URL.")


def _queues(argv: list[str]) -> set[str]:
    """Those that a worker is told to take from."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-Q", "--queues", default="")
    return set(parser.parse_known_args(argv)[0].queues.split(","))


_OF_GPU_HOSTS = {"gpu", "packages"}
_takes = bool(_OF_GPU_HOSTS & _queues(sys.argv))
if IS_CELERY and _takes != settings.GPU_WORKER and "worker" in sys.argv:
    # It would know none of the tasks in its queue, and throw them away.
    sys.exit("Workers of the queues gpu and packages have GPU_WORKER=1, and no other one has.")

# Before anything that counts is imported.
if IS_CELERY and settings.METRICS_PORT:
    share_folder(os.getpid())

from s3project.metrics.port import announce
from s3project.telemetry.start import start

# Two kinds of workers share the broker. What each has in hand, and how it is controlled, goes by
# names of its own, so that the broker can keep them apart (provision/broker_roles.py).
ROLE = "gpu" if settings.GPU_WORKER else "maintenance"

app = Celery("s3project", task_cls="s3project.logs.task:LoggedTask")
app.conf.update(
    control_exchange=f"celery-{ROLE}",
    broker_url=settings.CELERY_BROKER_URL or None,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_default_queue="maintenance",
    # A worker that dies gives its chunk back, max_retries times. task_reject_on_worker_lost does
    # not count: what kills every worker would come back for ever.
    task_acks_late=True,
    task_retry_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=settings.TASK_TIME_LIMIT_SEC,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    # A broker that became a replica refuses to write: that is not the end of a worker.
    broker_channel_error_retry=True,
    # However long it is away; by itself a worker ends after a hundred tries.
    broker_connection_max_retries=None,
    broker_transport_options={
        # One list for each level of a queue, served in this order (jobs/delivery/fair_share.py).
        "priority_steps": list(range(10)),
        "unacked_key": f"unacked.{ROLE}",
        "unacked_index_key": f"unacked_index.{ROLE}",
        "unacked_mutex_key": f"unacked_mutex.{ROLE}",
        "visibility_timeout": settings.TASK_TIME_LIMIT_SEC + 300,
        # Seconds. A broker that is away must cost an /execute a moment, not a request timeout:
        # one try to connect, where Kombu would go on for 6 s. Workers have their own retries.
        "max_retries": 0,
        "socket_connect_timeout": 2,
        # Of one command. A worker waits longer for a broker that hangs than a request may.
        "socket_timeout": 10 if IS_CELERY else 2,
    },
    # The worker keeps the log format and level of settings.LOGGING.
    worker_hijack_root_logger=False,
    beat_schedule={
        "dispatch_due_items": {
            "task": "jobs.dispatch_due_items",
            "schedule": settings.SWEEP_SECONDS,
            # A sweep that waited longer than its period would only repeat the next one.
            "options": {"queue": "maintenance", "expires": settings.SWEEP_SECONDS},
        },
        "note_beat": {
            "task": "jobs.note_beat",
            "schedule": 60,
            "options": {"queue": "maintenance", "expires": 60},
        },
        "expire_jobs": {
            "task": "jobs.expire_jobs",
            "schedule": 60,
            "options": {"queue": "maintenance", "expires": 60},
        },
        "delete_expired_objects": {
            "task": "jobs.delete_expired_objects",
            "schedule": 60,
            "options": {"queue": "maintenance", "expires": 60},
        },
        "count_storage": {
            "task": "jobs.count_storage",
            "schedule": 60,
            "options": {"queue": "maintenance", "expires": 60},
        },
        "erase_users": {
            "task": "jobs.erase_users",
            "schedule": 30,
            "options": {"queue": "maintenance", "expires": 30},
        },
        "send_webhooks": {
            "task": "jobs.send_webhooks",
            "schedule": settings.SWEEP_SECONDS,
            "options": {"queue": "maintenance", "expires": settings.SWEEP_SECONDS},
        },
        "delete_old_deliveries": {
            "task": "jobs.delete_old_deliveries",
            "schedule": 300,
            "options": {"queue": "maintenance", "expires": 300},
        },
        "archive_jobs": {
            "task": "jobs.archive_jobs",
            "schedule": 300,
            "options": {"queue": "maintenance", "expires": 300},
        },
        "delete_expired_answers": {
            "task": "users.delete_expired_answers",
            "schedule": 3600,
            "options": {"queue": "maintenance", "expires": 3600},
        },
        "forget_worker_hosts": {
            "task": "jobs.forget_worker_hosts",
            "schedule": 3600,
            "options": {"queue": "maintenance", "expires": 3600},
        },
        "delete_expired_sessions": {
            "task": "users.delete_expired_sessions",
            "schedule": 3600,
            "options": {"queue": "maintenance", "expires": 3600},
        },
    },
)
if settings.AUDIT_EVERY is not None:
    # Asked for this often, it runs when it is due: within minutes of the first start, and also
    # where the process is started anew more often than that.
    _asked = min(120.0, settings.AUDIT_EVERY.total_seconds())
    app.conf.beat_schedule["run_audit"] = {
        "task": "jobs.run_audit",
        "schedule": _asked,
        "options": {"queue": "maintenance", "expires": _asked},
    }
if IS_CELERY and settings.METRICS_PORT:
    announce()
if IS_CELERY:
    start({"gpu": "gpu-worker"}.get(ROLE, ROLE))
# Each kind knows its own tasks only: what is in the other's queue is nothing that it could run.
if ROLE == "gpu":
    app.autodiscover_tasks(["jobs"], related_name="gpu_tasks")
else:
    app.autodiscover_tasks(["jobs", "users"])
