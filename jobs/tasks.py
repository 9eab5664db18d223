"""The Celery tasks: what the broker may ask for. Each calls one function and knows no more."""

from typing import Any
from uuid import UUID

from celery import shared_task

from jobs.delivery.publish import DELETE_JOB_OBJECTS, DELETE_OUTPUTS, PROCESS_ITEMS
from jobs.gpu import worker
from jobs.gpu.reporter import DeliveryFailed
from jobs.storage.bucket import StorageUnavailable
from jobs.upkeep import archive, deletion, erasure, expiry, sweep
from jobs.watch import audit


@shared_task(
    name=PROCESS_ITEMS,
    # Twice again, whether the process died or the server could not be told; never for ever. What
    # was claimed by then stays its lease long with who claimed it: after that the sweep sends it.
    max_retries=2,
    default_retry_delay=15,
    autoretry_for=(DeliveryFailed,),
)
def process_items(message: dict[str, Any]) -> None:
    """One chunk of a job, on a GPU host without a database."""
    worker.process_items(message)


@shared_task(name="jobs.dispatch_due_items")
def dispatch_due_items() -> None:
    sweep.dispatch_due_items()


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
    deletion.delete_outputs(UUID(job_id))


@shared_task(
    name=DELETE_JOB_OBJECTS,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,
    max_retries=6,
)
def delete_job_objects(job_id: str) -> None:
    """As `delete_outputs`."""
    deletion.delete_job_objects(UUID(job_id))


@shared_task(name="jobs.erase_users")
def erase_users() -> None:
    erasure.erase_users()


@shared_task(name="jobs.delete_expired_objects")
def delete_expired_objects() -> None:
    deletion.delete_expired_objects()


@shared_task(name="jobs.archive_jobs")
def archive_jobs() -> None:
    archive.archive_jobs()


@shared_task(name="jobs.run_audit")
def run_audit() -> None:
    audit.run_audit()
