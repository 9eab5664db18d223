"""Sending work to the GPU queue: chunks of a job as broker messages, under a lease.

PostgreSQL is the truth and a message only a hint. An item is *due* while it is pending and nobody
holds a lease of it. Dispatch publishes due items and then leases them to the queue; whatever is
lost between or after these two steps becomes due again and is sent again by the sweep
(`tasks.dispatch_due_items`). A message sent twice costs its worker one claim.

Of a large job only so many chunks are sent at once; the others follow as results come in.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from kombu.exceptions import OperationalError

from jobs import keys
from jobs.delivery.fair_share import Chunk, level_of, next_chunks
from jobs.delivery.leases import lease_to_queue, reserve
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.models import JobCoordinator
from jobs.presets import resolve_value
from s3project import ids
from s3project.celery import app
from users.plans import PLANS

logger = logging.getLogger(__name__)

GPU_QUEUE = "gpu"
MAINTENANCE_QUEUE = "maintenance"
PROCESS_ITEMS = "jobs.process_items"
DELETE_OUTPUTS = "jobs.delete_outputs"


# A reserved item that was not published after all is the sweep's this soon.
RESERVED_FOR = timedelta(seconds=5)


def dispatch_chunks(job: JobCoordinator, chunks: Sequence[Chunk]) -> int:
    """Publishes the chunks, then leases their items to the queue. Returns the items sent.

    What was not sent because the broker is away is left due. Not to be called inside a
    transaction.
    """
    size, weight = settings.BATCH_CONCURRENCY, PLANS[job.user.plan].weight
    sent: list[Chunk] = []
    for chunk in chunks:
        message = work_message(job, chunk.idxs, attempt=chunk.attempt)
        level = level_of(chunk.idxs[0], size=size, weight=weight)
        if not publish(PROCESS_ITEMS, [message.to_json()], queue=GPU_QUEUE, level=level):
            break
        sent.append(chunk)
    if sent:
        lease_to_queue(job.id, sent, lease=settings.QUEUE_LEASE)
    return sum(len(chunk.idxs) for chunk in sent)


def chunks_beside(at_work: int, unsent: Sequence[int]) -> list[Chunk]:
    """What of a job's unsent items may be sent while so many others are at work."""
    window, size = settings.JOB_WINDOW, settings.BATCH_CONCURRENCY
    return next_chunks(unsent, at_work, window=window, size=size)


def reserve_chunks(job: JobCoordinator, *, at_work: int) -> list[Chunk]:
    """The chunks for which there is room by now, kept for it to be dispatched after the commit.

    Belongs under the job's lock.
    """
    room = settings.JOB_WINDOW * settings.BATCH_CONCURRENCY - at_work
    if room < settings.BATCH_CONCURRENCY:
        return []
    unsent = job.items.unsent().order_by("idx").values_list("idx", flat=True)[:room]
    chunks = chunks_beside(at_work, list(unsent))
    if chunks:
        reserve(job.id, chunks, lease=RESERVED_FOR)
    return chunks


def dispatch_delete_outputs(job_id: UUID) -> bool:
    """Asks the maintenance worker to delete what a canceled job left in the storage."""
    return publish(DELETE_OUTPUTS, [str(job_id)], queue=MAINTENANCE_QUEUE)


def publish(task: str, args: list[object], *, queue: str, level: int = 0) -> bool:
    """Whether the broker took the message. One try: the sweep is the retry.

    Of a queue's messages those of the lowest `level` (0-9) are delivered first.
    """
    try:
        # Without a repr of its own Celery writes the arguments out once more, for its logs.
        app.send_task(task, args=args, queue=queue, priority=level, retry=False, argsrepr="…")
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
            instances=tuple(edit["instances"]) if "instances" in edit else None,
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
