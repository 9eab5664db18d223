"""Sending work to the GPU queue: chunks of a job as broker messages, under a lease.

PostgreSQL is the truth and a message only a hint. An item is *due* while it is pending and nobody
holds a lease of it. Dispatch publishes due items and then leases them to the queue; whatever is
lost between or after these two steps becomes due again and is sent again by the sweep
(`tasks.dispatch_due_items`). A message sent twice costs its worker one claim.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from kombu.exceptions import OperationalError

from jobs import keys
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.models import JobCoordinator
from jobs.models.lease_statement import lease_to_queue
from jobs.presets import resolve_value
from s3project import ids
from s3project.celery import app

logger = logging.getLogger(__name__)

GPU_QUEUE = "gpu"
MAINTENANCE_QUEUE = "maintenance"
PROCESS_ITEMS = "jobs.process_items"
DELETE_OUTPUTS = "jobs.delete_outputs"


def dispatch_items(job: JobCoordinator, idxs: Sequence[int], *, attempt: int) -> bool:
    """Publishes the items in chunks, then leases them to the queue.

    Returns False, with what was not sent left due, when the broker is away. Not to be called
    inside a transaction.
    """
    # A photo that a worker was lost with goes alone from then on: should it be the one that
    # kills workers, it takes no neighbour along.
    size = settings.BATCH_CONCURRENCY if attempt == 1 else 1
    sent = 0
    for start in range(0, len(idxs), size):
        chunk = idxs[start : start + size]
        message = work_message(job, chunk, attempt=attempt)
        if not publish(PROCESS_ITEMS, [message.to_json()], queue=GPU_QUEUE):
            break
        sent += len(chunk)
    if sent:
        lease_to_queue(job.id, idxs[:sent], attempt=attempt, lease=settings.QUEUE_LEASE)
    return sent == len(idxs)


def dispatch_delete_outputs(job_id: UUID) -> bool:
    """Asks the maintenance worker to delete what a canceled job left in the storage."""
    return publish(DELETE_OUTPUTS, [str(job_id)], queue=MAINTENANCE_QUEUE)


def publish(task: str, args: list[object], *, queue: str) -> bool:
    """Whether the broker took the message. One try: the sweep is the retry."""
    try:
        # Without a repr of its own Celery writes the arguments out once more, for its logs.
        app.send_task(task, args=args, queue=queue, retry=False, argsrepr="…")
    except OperationalError:
        logger.warning("broker unavailable, %s will be sent later", task)
        return False
    return True


def work_message(job: JobCoordinator, idxs: Sequence[int], *, attempt: int) -> WorkMessage:
    """The message of contract §4.1 for some items of a job. It holds no secret."""
    concepts = {
        name: Edit(
            action=edit["action"],
            value=resolve_value(job.preset, name, edit["action"], edit.get("value")) or "",
        )
        for name, edit in job.concepts.items()
    }
    return WorkMessage(
        job_id=job.public_id,
        user_id=ids.public_id(ids.USER, job.user_id),
        preset=job.preset,
        concepts=concepts,
        protect=tuple(job.protect),
        items=tuple(
            WorkItem(
                idx=idx,
                input_key=keys.input_key(job.user_id, job.id, idx),
                output_key=keys.output_key(job.user_id, job.id, idx),
                preview_key=keys.preview_key(job.user_id, job.id, idx),
            )
            for idx in idxs
        ),
        callback_url=f"{settings.CALLBACK_BASE_URL}/jobs/{job.public_id}/callback",
        idempotency_prefix=job.public_id,
        batch_concurrency=settings.BATCH_CONCURRENCY,
        attempt=attempt,
    )
