"""The Celery tasks: what the broker may ask for. Each calls one function and knows no more."""

from typing import Any
from uuid import UUID

from celery import shared_task

from jobs import dispatch, maintenance
from jobs.gpu import worker


@shared_task(name=dispatch.PROCESS_ITEMS, bind=True)
def process_items(self: Any, message: dict[str, Any]) -> None:
    """One chunk of a job, on a GPU host without a database.

    A result that cannot be reported raises: the chunk is not acknowledged and delivered again.
    """
    worker.process_items(message)


@shared_task(name="jobs.dispatch_due_items")
def dispatch_due_items() -> None:
    maintenance.dispatch_due_items()


@shared_task(name=dispatch.DELETE_OUTPUTS)
def delete_outputs(job_id: str) -> None:
    maintenance.delete_outputs(UUID(job_id))


@shared_task(name="jobs.delete_canceled_outputs")
def delete_canceled_outputs() -> None:
    maintenance.delete_canceled_outputs()
