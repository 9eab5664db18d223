"""What happens to jobs. Each function opens the transaction, locks in order (job → items →
packages → limiter) and tells the models what happened. What it sends to the broker waits for the
commit of the outermost transaction.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from jobs import keys
from jobs.advice import Advice
from jobs.delivery.chunks import chunks_that_fit, reserve_chunks
from jobs.delivery.dispatch import (
    dispatch_chunks,
    dispatch_delete_job_objects,
    dispatch_delete_outputs,
    dispatch_discard_large_uploads,
    dispatch_webhooks,
)
from jobs.delivery.hints import hint_after_commit
from jobs.errors import JobNotFound
from jobs.lifecycle.orders import advise_on_order, refuse, resolve_order
from jobs.lifecycle.settlement import Settlement, settle
from jobs.models import ItemResult, JobCoordinator, NewPhoto, ResultEffect
from jobs.models.history import relabel_history
from jobs.models.item_statements import input_keys
from jobs.models.poll_statements import VersionRow, read_version
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.storage.uploads import Upload, UploadProblem, problem_of, sign_uploads
from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.after_commit import after_commit
from users.models import UserLimiter

logger = logging.getLogger(__name__)

# The log's word for a result that came again or too late; the fault experiments count it.
IGNORED = "result without effect:"


@dataclass(frozen=True)
class DeclaredPhoto:
    """What a client says of a photo before it is uploaded."""

    name: str = ""
    bytes: int | None = None


def create_job(
    *,
    user_id: UUID,
    preset: str,
    item_count: int,
    photos: Sequence[DeclaredPhoto] | None = None,
    metadata: dict[str, str] | None = None,
) -> tuple[JobCoordinator, list[Upload]]:
    """Reserves the credits and a slot, makes the job, and signs its upload URLs. `photos`, where
    they are given, are as many as `item_count`.

    Raises CreditsExhausted, ItemLimit, ConcurrencyLimit, StorageQuota or StorageUnavailable,
    without effect: the URLs are signed before anything is charged.
    """
    job_id = ids.new_id()
    photos = photos or [DeclaredPhoto()] * item_count
    assert len(photos) == item_count, "what is charged is what is made"
    uploads = sign_uploads(
        (idx, keys.input_key(user_id, job_id, idx), photo.bytes) for idx, photo in enumerate(photos)
    )
    with transaction.atomic():
        limiter = UserLimiter.objects.lock(user_id)
        limiter.reserve(job_id, item_count)
        job = JobCoordinator.create(
            job_id=job_id,
            user_id=user_id,
            preset=preset,
            metadata=metadata,
            photos=[
                NewPhoto(upload.key, photo.name, photo.bytes)
                for upload, photo in zip(uploads, photos, strict=True)
            ],
        )
    return job, uploads


def find_uploads(
    *, user_id: UUID, job_id: UUID | None, read: Callable[..., VersionRow | None] = read_version
) -> dict[str, int]:
    """Key → bytes of what was uploaded for a job; one listing, outside any transaction.

    Nothing is looked for where nothing can be confirmed any more. One query, unless `read` knows
    the job already. Raises JobNotFound or StorageUnavailable.
    """
    job = read(user_id=user_id, job_id=job_id) if job_id is not None else None
    if job is None or job_id is None:
        raise JobNotFound
    if job.status != JobStatus.CREATED:
        return {}
    return photo_storage().sizes(keys.input_prefix(user_id, job_id))


@transaction.atomic
def confirm_upload(
    *, user_id: UUID, job_id: UUID | None, uploads: Mapping[str, int]
) -> tuple[JobCoordinator, dict[int, UploadProblem]]:
    """created → uploaded. Returns the job and by idx what is wrong with a photo, by `uploads`
    (see `find_uploads`).

    Those do not block: the worker fails them and they are refunded. Those that are too large are
    discarded soon. Raises JobNotFound or InvalidTransition.
    """
    job = JobCoordinator.objects.lock(job_id, owner=user_id)
    job.mark_uploaded()
    found = {idx: problem_of(uploads.get(key)) for idx, key in input_keys(job.id).items()}
    if UploadProblem.TOO_LARGE in found.values():
        after_commit(dispatch_discard_large_uploads, job.id)
    hint_after_commit(job.id)
    return job, {idx: problem for idx, problem in found.items() if problem is not None}


def execute_job(
    *,
    user_id: UUID,
    job_id: UUID | None,
    concepts: dict[str, Any] | None,
    protect: list[str] | None,
    rule_id: str | None = None,
    output_template: str | None = None,
    noticed: Sequence[Advice] = (),
    strict: bool = False,
) -> tuple[JobCoordinator, list[Advice]]:
    """uploaded → queued, then the chunks go to the GPU queue. Returns also what of the order will
    not happen, after what was `noticed` of the request before; with `strict` any of that is
    ValidationFailed instead.

    The job is queued even when the broker is away: the sweep sends it later. Raises JobNotFound,
    RuleNotFound, ValidationFailed, AlreadyCanceled or InvalidTransition, without effect.
    """
    with transaction.atomic():
        job = JobCoordinator.objects.lock(job_id, owner=user_id)
        order = resolve_order(
            user_id=user_id,
            preset_id=job.preset,
            concepts=concepts,
            protect=protect,
            rule_id=rule_id,
        )
        advice = [*noticed, *advise_on_order(job.preset, order, output_template)]
        if strict:
            refuse(advice)
        job.mark_queued(
            order.concepts,
            order.protection.names,
            protect_defaulted=order.protection.defaulted,
            rule_id=order.rule_id,
            output_template=output_template,
        )
        chunks = chunks_that_fit(0, range(job.total_items))
        after_commit(dispatch_chunks, job, chunks)
        hint_after_commit(job.id)
    return job, advice


@transaction.atomic
def record_item_result(
    *, job_id: UUID | None, result: ItemResult
) -> tuple[JobCoordinator, ResultEffect]:
    """Takes one result of a worker; the last one finishes and settles the job. Where it made
    room, more of the job goes to the GPU queue.

    Safe to repeat. Raises JobNotFound, ValidationFailed, IdempotencyConflict, InvalidTransition.
    """
    job, found = JobCoordinator.objects.lock_for_result(
        job_id, result.idx, result.idempotency_key, result.status
    )
    effect = job.on_item_result(result, found)
    if effect.told and not job.is_finished:
        after_commit(dispatch_webhooks)
    if not effect.processed:
        logger.info("%s %s #%d", IGNORED, job.public_id, result.idx)
        return job, effect
    if job.is_finished:
        settle(job, told=effect.told)
    elif effect.unsent and (chunks := reserve_chunks(job, at_work=effect.at_work)):
        after_commit(dispatch_chunks, job, chunks)
    hint_after_commit(job.id)
    return job, effect


@transaction.atomic
def claim_items(
    *, job_id: UUID | None, items: list[int], attempt: int, worker: str
) -> tuple[JobCoordinator, dict[int, str]]:
    """Leases to a worker those of the items that it may edit now, and says where their photos are.
    Raises JobNotFound.
    """
    job = JobCoordinator.objects.lock(job_id)
    granted = job.claim(items, attempt=attempt, worker=worker, lease=settings.WORK_LEASE)
    return job, granted


def cancel_job(
    *, user_id: UUID, job_id: UUID | None, by: Actor | None = None, reason: str = ""
) -> tuple[JobCoordinator, Settlement]:
    """any except done, canceled → canceled. While it was unfinished all credits come back, or
    those of the photos that are not done (CANCEL_REFUND).

    `by` is who cancels somebody else's job, for the audit log; None is its owner, for whom the
    history is enough. Raises JobNotFound, InvalidTransition or AlreadyCanceled.
    """
    with transaction.atomic():
        job = JobCoordinator.objects.lock(job_id, owner=user_id)
        if job.cancel(charge_done=settings.CANCEL_REFUND == "unfinished"):
            settlement = settle(job)
        else:
            relabel_history(job)
            settlement = Settlement(0, UserLimiter.objects.get(pk=user_id).credits)
        if by is not None:
            record_act(
                Action.JOB_CANCELED,
                actor=by,
                kind=ObjectKind.JOB,
                object_id=job.public_id,
                reason=reason,
                details={"user": ids.public_id(ids.USER, user_id), "refunded": settlement.refunded},
            )
        if job.queued_at is not None:
            after_commit(dispatch_delete_outputs, job.id)
        hint_after_commit(job.id)
    return job, settlement


@transaction.atomic
def delete_job(
    *, user_id: UUID, job_id: UUID | None, by: Actor | None = None, reason: str = ""
) -> bool:
    """A finished job's photos, results and masks go at once; its history and the ledger stay. What
    other jobs use of its photos is theirs. False when that was done before.

    `by` is who deletes somebody else's job, for the audit log; None is its owner. Safe to repeat.
    Raises JobNotFound or StillAtWork.
    """
    job = JobCoordinator.objects.lock(job_id, owner=user_id)
    if not job.give_up():
        return False
    job.packages.all().delete()
    if by is not None:
        record_act(
            Action.JOB_DELETED,
            actor=by,
            kind=ObjectKind.JOB,
            object_id=job.public_id,
            reason=reason,
            details={"user": ids.public_id(ids.USER, user_id), "photos": job.total_items},
        )
    after_commit(dispatch_delete_job_objects, job.id)
    hint_after_commit(job.id)
    return True
