"""What only operators do with somebody's job, each with a reason for the audit log.

Canceling and deleting are `services.py`'s: owners do that too.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from jobs.delivery.chunks import chunks_that_fit
from jobs.delivery.dispatch import dispatch_chunks
from jobs.delivery.fair_share import Chunk, LostItem, send_again
from jobs.lifecycle.keeping import expires_at, is_expired
from jobs.lifecycle.second_look import Only, create_second_look
from jobs.lifecycle.services import execute_job
from jobs.models import JobCoordinator
from jobs.states import COMPLETED, UNFINISHED
from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.record import Fact, record_act
from s3project.acts.words import Action, ObjectKind
from s3project.after_commit import after_commit

# Nobody means to keep a customer's photos for longer than this at a time.
MOST_DAYS = 366


class Refused(Exception):
    """Why it cannot be done to this job, for an operator to read."""


@transaction.atomic
def send_photos_again(*, user_id: UUID, job_id: UUID, by: Actor, reason: str) -> int:
    """What no worker has in hand goes to the GPU queue again, after the commit, whatever lease of
    the queue it has: for messages that were lost, or where the sweep does not run. Returns the
    photos that are sent.

    Safe to repeat: a message that comes twice costs a worker one claim. A photo that a worker was
    lost with counts that attempt, but is not given up here. Raises JobNotFound or Refused.
    """
    job = JobCoordinator.objects.lock(job_id, owner=user_id)
    if not job.is_in_work:
        raise Refused(f"{job} is {job.status}: it expects no results.")
    chunks = _call_back(job)
    photos = sum(len(chunk.idxs) for chunk in chunks)
    if not photos:
        raise Refused(f"No photo of {job} is stuck: a worker has each of them in hand.")
    _record(Action.JOB_SENT_AGAIN, job, by, reason, photos=photos)
    after_commit(dispatch_chunks, job, chunks)
    return photos


def _call_back(job: JobCoordinator) -> list[Chunk]:
    """Ends the leases of the queue, and says what is to be sent. Under the job's lock: no worker
    claims meanwhile.
    """
    in_hand = job.items.in_hand().values("pk")
    waiting = job.items.at_work().exclude(pk__in=in_hand).lock_in_order()
    rows = list(waiting.values_list("idx", "attempt", "claimed_by"))
    job.items.filter(idx__in=[idx for idx, _, _ in rows]).update(lease_expires_at=Now())
    sent = [
        LostItem(attempt + 1 if claimed_by else attempt, idx)
        for idx, attempt, claimed_by in rows
        if attempt
    ]
    again = send_again(sent, size=settings.BATCH_CONCURRENCY)
    unsent = list(job.items.unsent().order_by("idx").values_list("idx", flat=True))
    return [*again, *(chunks_that_fit(job.items.at_work().count(), unsent) if unsent else [])]


@transaction.atomic
def retry_failed(*, user_id: UUID, job_id: UUID, by: Actor, reason: str) -> JobCoordinator:
    """A second look of its owner at the photos of a completed job that failed, with the same
    order, executed at once; it is charged and admitted like any job. Returns the new one.

    Raises Refused while an earlier second look at the job is unfinished; else JobNotFound,
    SourceGone, ValidationFailed, CreditsExhausted, ItemLimit, ConcurrencyLimit or StorageQuota,
    without effect.
    """
    source = JobCoordinator.objects.lock(job_id, owner=user_id)
    if source.status not in COMPLETED:
        raise Refused(f"{source} is {source.status}: what failed is told when it is done.")
    if not source.failed_items:
        raise Refused(f"No photo of {source} failed.")
    # Found by the index of jobs that share photos.
    others = JobCoordinator.objects.owned_by(user_id).filter(
        photos_job_id=source.photos_of, storage_deleted_at__isnull=True
    )
    earlier = others.filter(source_job_id=source.id, status__in=UNFINISHED).first()
    if earlier is not None:
        raise Refused(f"{earlier} tries photos of {source} again already.")
    job = create_second_look(
        user_id=user_id, source_job_id=job_id, only=Only.FAILED, metadata=source.metadata
    )
    retried, _ = execute_job(
        user_id=user_id,
        job_id=job.id,
        concepts=source.concepts,
        protect=None if source.protect_defaulted else source.protect,
        output_template=source.output_template,
    )
    _record(
        Action.JOB_RETRIED,
        source,
        by,
        reason,
        photos=retried.total_items,
        again=retried.public_id,
    )
    return retried


@transaction.atomic
def keep_longer(*, user_id: UUID, job_id: UUID, days: int, by: Actor, reason: str) -> datetime:
    """Photos and results are kept for so many more days than they would be; returns until when.
    Raises JobNotFound or Refused.
    """
    assert 0 < days <= MOST_DAYS, "asked of whoever gives the days"
    job = JobCoordinator.objects.lock(job_id, owner=user_id)
    end = expires_at(job)
    if is_expired(job):
        raise Refused(f"The photos of {job} are deleted, or about to be.")
    if end is None:
        raise Refused(f"Nothing ends the keeping of {job}: it is {job.status}.")
    job.keep_until(end + timedelta(days=days))
    _record(Action.JOB_KEPT, job, by, reason, days=days)
    until = expires_at(job)
    assert until is not None, "it was there before, and was moved"
    return until


def _record(action: Action, job: JobCoordinator, by: Actor, reason: str, **facts: Fact) -> None:
    record_act(
        action,
        actor=by,
        kind=ObjectKind.JOB,
        object_id=job.public_id,
        reason=reason,
        details={"user": ids.public_id(ids.USER, job.user_id), **facts},
    )
