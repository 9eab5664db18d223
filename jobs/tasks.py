"""The tasks of the maintenance worker. Each calls one function and knows no more."""

from uuid import UUID

from celery import shared_task

from jobs.api.webhook_payload import payload
from jobs.delivery.publish import (
    DELETE_JOB_OBJECTS,
    DELETE_OLD_PACKAGES,
    DELETE_OUTPUTS,
    DISCARD_LARGE_UPLOADS,
    SEND_WEBHOOKS,
)
from jobs.models import Beat, WorkerHost
from jobs.storage.bucket import StorageUnavailable
from jobs.upkeep import (
    archive,
    deletion,
    erasure,
    expiry,
    large_uploads,
    package_sweep,
    storage_use,
    sweep,
    webhook_log,
)
from jobs.watch import audit
from jobs.webhooks.sender import Sender
from s3project import ids
from s3project.logs.context import note

# It works beside the tasks of this process.
SENDER = Sender(payload)


@shared_task(name="jobs.dispatch_due_items")
def dispatch_due_items() -> None:
    sweep.dispatch_due_items()
    package_sweep.dispatch_due_packages()


@shared_task(name="jobs.expire_jobs")
def expire_jobs() -> None:
    expiry.expire_jobs()


@shared_task(
    name=DELETE_OUTPUTS,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,  # seconds before the first repeat, doubled each time
    max_retries=6,
)
def delete_outputs(job_id: str) -> None:
    """Ten minutes of an absent storage are bridged; after that the final deletion has it."""
    note(job=ids.public_id(ids.JOB, UUID(job_id)))
    deletion.delete_outputs(UUID(job_id))


@shared_task(
    name=DELETE_JOB_OBJECTS,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,
    max_retries=6,
)
def delete_job_objects(job_id: str) -> None:
    """As `delete_outputs`."""
    note(job=ids.public_id(ids.JOB, UUID(job_id)))
    deletion.delete_job_objects(UUID(job_id))


@shared_task(
    name=DELETE_OLD_PACKAGES,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,
    max_retries=6,
)
def delete_old_packages(job_id: str) -> None:
    """As `delete_outputs`."""
    deletion.delete_old_packages(UUID(job_id))


@shared_task(
    name=DISCARD_LARGE_UPLOADS,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,
    max_retries=6,
)
def discard_large_uploads(job_id: str) -> None:
    """As `delete_outputs`."""
    note(job=ids.public_id(ids.JOB, UUID(job_id)))
    large_uploads.discard_large_uploads(UUID(job_id))


@shared_task(name="jobs.erase_users")
def erase_users() -> None:
    erasure.erase_users()


@shared_task(name="jobs.delete_expired_objects")
def delete_expired_objects() -> None:
    deletion.delete_expired_objects()


@shared_task(name="jobs.count_storage")
def count_storage() -> None:
    storage_use.count_storage()


@shared_task(name=SEND_WEBHOOKS)
def send_webhooks() -> None:
    """Returns at once: no sweep waits for a receiver."""
    SENDER.wake()


@shared_task(name="jobs.delete_old_deliveries")
def delete_old_deliveries() -> None:
    webhook_log.delete_old_deliveries()


@shared_task(name="jobs.archive_jobs")
def archive_jobs() -> None:
    archive.archive_jobs()


@shared_task(name="jobs.forget_worker_hosts")
def forget_worker_hosts() -> None:
    WorkerHost.objects.forget()


@shared_task(name="jobs.note_beat")
def note_beat() -> None:
    Beat.objects.note()


@shared_task(name="jobs.run_audit")
def run_audit() -> None:
    audit.audit_if_due()
