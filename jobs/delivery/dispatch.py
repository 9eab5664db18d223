"""Sending work to the GPU queue: chunks of a job as broker messages, under a lease.

PostgreSQL is the truth and a message only a hint. An item is *due* while it is pending and nobody
holds a lease of it. Dispatch publishes due items and then leases them to the queue; whatever is
lost between or after these two steps becomes due again and is sent again by the sweep
(`tasks.dispatch_due_items`). A message sent twice costs its worker one claim.

Of a large job only so many chunks are sent at once; the others follow as results come in.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from jobs.delivery import metrics
from jobs.delivery.fair_share import Chunk, level_of
from jobs.delivery.leases import lease_to_queue
from jobs.delivery.message import work_message
from jobs.delivery.publish import (
    DELETE_JOB_OBJECTS,
    DELETE_OLD_PACKAGES,
    DELETE_OUTPUTS,
    DISCARD_LARGE_UPLOADS,
    GPU_QUEUE,
    MAINTENANCE_QUEUE,
    PROCESS_ITEMS,
    SEND_WEBHOOKS,
    Message,
    publish,
    publish_all,
)
from jobs.message_signing import signed
from jobs.models import JobCoordinator
from jobs.models.overtime import overtime_of
from s3project.logs.context import about, said
from s3project.rows import fetch_all
from s3project.wording import counted
from users.plans import PLANS

logger = logging.getLogger(__name__)

# Where photos are, their user's plan, and the overtime of all the user's jobs of late, in
# milliseconds. (Written out: every set is dispatched, and Django takes longer to build it than
# PostgreSQL to answer.)
READ_PHOTOS = f"""
    SELECT idx, input_key, (SELECT plan FROM users_user WHERE id = %s), {overtime_of("%s")}
      FROM jobs_jobitem
     WHERE job_id = %s AND idx = ANY(%s)
"""


def dispatch_chunks(job: JobCoordinator, chunks: Sequence[Chunk]) -> int:
    """Publishes the chunks, then leases their items to the queue. Returns the items sent.

    What was not sent because the broker is away is left due. Not to be called inside a
    transaction.
    """
    if not chunks:
        return 0
    with about(job=job.public_id), metrics.SECONDS.time():
        return _send(job, chunks)


def _send(job: JobCoordinator, chunks: Sequence[Chunk]) -> int:
    idxs = [idx for chunk in chunks for idx in chunk.idxs]
    rows = fetch_all(READ_PHOTOS, [job.user_id, job.user_id, job.id, idxs])
    inputs = {idx: input_key for idx, input_key, *_ in rows}
    plan, overtime_ms = rows[0][2:]
    size, weight = settings.BATCH_CONCURRENCY, PLANS[plan].weight
    messages = []
    for chunk in chunks:
        photos = {idx: inputs[idx] for idx in chunk.idxs}
        message = signed(
            work_message(job, photos, attempt=chunk.attempt).to_json(), settings.MESSAGE_KEYS
        )
        level = level_of(chunk.idxs[0], size=size, weight=weight, overtime_ms=overtime_ms)
        messages.append(Message([message], level))
    if not publish_all(PROCESS_ITEMS, messages, queue=GPU_QUEUE):
        metrics.CHUNKS.labels(metrics.BROKER_AWAY).inc(len(messages))
        return 0
    lease_to_queue(job.id, chunks, lease=settings.QUEUE_LEASE)
    metrics.CHUNKS.labels(metrics.SENT).inc(len(chunks))
    metrics.PHOTOS.inc(len(idxs))
    logger.info("sent to workers in %s", counted(len(chunks), "message"), extra=said(photos=idxs))
    return len(idxs)


def dispatch_delete_outputs(job_id: UUID) -> bool:
    """Asks the maintenance worker to delete what a canceled job left in the storage."""
    return publish(DELETE_OUTPUTS, [str(job_id)], queue=MAINTENANCE_QUEUE)


def dispatch_delete_job_objects(job_id: UUID) -> bool:
    """Asks the maintenance worker to delete what a job has in the storage that was deleted."""
    return publish(DELETE_JOB_OBJECTS, [str(job_id)], queue=MAINTENANCE_QUEUE)


def dispatch_delete_old_packages(job_id: UUID) -> bool:
    """Asks the maintenance worker to delete the objects of a job's packages that were made anew."""
    return publish(DELETE_OLD_PACKAGES, [str(job_id)], queue=MAINTENANCE_QUEUE)


def dispatch_discard_large_uploads(job_id: UUID) -> bool:
    """Asks the maintenance worker to discard what a job's client sent that is too large."""
    return publish(DISCARD_LARGE_UPLOADS, [str(job_id)], queue=MAINTENANCE_QUEUE)


def dispatch_webhooks() -> bool:
    """Wakes the sender of webhooks; without it, its clock does."""
    return publish(SEND_WEBHOOKS, [], queue=MAINTENANCE_QUEUE)
