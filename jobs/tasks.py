"""The Celery tasks: what the broker may ask for. Each calls one function and knows no more."""

from typing import Any
from uuid import UUID

from celery import shared_task

from jobs import dispatch, expiry, maintenance, retention
from jobs.gpu import worker
from jobs.storage import StorageUnavailable


@shared_task(name=dispatch.PROCESS_ITEMS, bind=True)
def process_items(self: Any, message: dict[str, Any]) -> None:
    """One chunk of a job, on a GPU host without a database.

    A result that cannot be reported raises: the chunk is not acknowledged and delivered again.
    """
    worker.process_items(message)


@shared_task(name="jobs.dispatch_due_items")
def dispatch_due_items() -> None:
    maintenance.dispatch_due_items()


@shared_task(name="jobs.expire_jobs")
def expire_jobs() -> None:
    expiry.expire_jobs()


@shared_task(
    name=dispatch.DELETE_OUTPUTS,
    autoretry_for=(StorageUnavailable,),
    retry_backoff=10,  # seconds before the first repeat, doubled each time
    max_retries=6,
)
def delete_outputs(job_id: str) -> None:
    """Ten minutes of an absent storage are bridged; after that the final deletion has it."""
    retention.delete_outputs(UUID(job_id))


@shared_task(name="jobs.delete_expired_objects")
def delete_expired_objects() -> None:
    retention.delete_expired_objects()
