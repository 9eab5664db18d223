"""Packages of done jobs: asked for, claimed, reported (contract §3.5). Each function opens the
transaction and locks in order: job → package.
"""

import logging
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from jobs.delivery.dispatch import dispatch_delete_old_packages, dispatch_webhooks
from jobs.delivery.hints import hint_after_commit
from jobs.delivery.package_dispatch import dispatch_package
from jobs.errors import NothingToPack
from jobs.lifecycle.keeping import has_photos
from jobs.limits import USUAL_MS
from jobs.models import JobCoordinator, JobPackage, PackageEffect, PackageResult
from jobs.models.outbox import write_event
from jobs.presets import PRESETS, OutputTemplate
from jobs.states import JobStatus
from s3project.after_commit import after_commit
from s3project.errors import ValidationFailed
from s3project.wording import hint, listed, nearest, quoted

logger = logging.getLogger(__name__)


def ask_for_package(
    *, user_id: UUID, job_id: UUID | None, template: str, options: dict[str, Any]
) -> JobPackage:
    """A package of a done job after a template, given by its id or alias; asked for again it is
    made anew.

    Raises JobNotFound, ValidationFailed or NothingToPack, without effect.
    """
    with transaction.atomic():
        job = JobCoordinator.objects.lock(job_id, owner=user_id)
        known = _template_of(job, template)
        if job.status != JobStatus.DONE or not has_photos(job):
            raise NothingToPack(status=job.status)
        return _order(job, known, options)


def pack_finished_job(job: JobCoordinator) -> None:
    """The package that the order of a job names, once the job is done. In the transaction that
    finishes the job, before its limiter is locked.
    """
    if job.status != JobStatus.DONE or not job.output_template:
        return
    template = PRESETS[job.preset].template(job.output_template)
    if template is not None:
        _order(job, template, {})


def _order(job: JobCoordinator, template: OutputTemplate, options: dict[str, Any]) -> JobPackage:
    kept = {name: value for name, value in options.items() if name in template.options}
    package, anew = JobPackage.order(job, template.alias, kept)
    if anew:
        after_commit(dispatch_package, package.pk)
        hint_after_commit(job.id)
    if package.edition > 2:
        after_commit(dispatch_delete_old_packages, job.id)
    return package


def _template_of(job: JobCoordinator, name: str) -> OutputTemplate:
    """Raises ValidationFailed with the known ones."""
    preset = PRESETS[job.preset]
    template = preset.template(name)
    if template is not None:
        return template
    near = nearest(name, [known for one in preset.templates for known in (one.id, one.alias)])
    known = listed([one.alias for one in preset.templates], "and")
    text = f"{quoted(name)} is no template of {preset.id}. There are {known}.{hint(near)}"
    raise ValidationFailed({"template": [text]})


class PackedPhoto(NamedTuple):
    """A photo of a package, and where it is, before and after."""

    input_key: str
    output_key: str
    preview_key: str


@transaction.atomic
def claim_package(
    *, job_id: UUID | None, template: str, edition: int, attempt: int, worker: str
) -> tuple[JobCoordinator, dict[int, PackedPhoto] | None]:
    """Leases a package, given by its alias, to a worker, and says by idx where its photos are; None
    where it is not granted. Raises JobNotFound or PackageNotFound.
    """
    job = JobCoordinator.objects.lock(job_id)
    package = JobPackage.objects.lock(job.id, template)
    if not _may_be_made(job) or not package.claim(
        edition=edition, attempt=attempt, worker=worker, lease=settings.WORK_LEASE
    ):
        return job, None
    rows = job.items.exclude(output_key="").order_by("idx")
    photos = {
        idx: PackedPhoto(*keys)
        for idx, *keys in rows.values_list("idx", "input_key", "output_key", "preview_key")
    }
    return job, photos


@transaction.atomic
def record_package_result(
    *, job_id: UUID | None, template: str, result: PackageResult
) -> tuple[JobCoordinator, PackageEffect]:
    """Takes the result of a worker. Nothing comes of one for a job that was deleted or has expired
    meanwhile.

    Safe to repeat. Raises JobNotFound or PackageNotFound.
    """
    job = JobCoordinator.objects.lock(job_id)
    if not _may_be_made(job):
        return job, PackageEffect(processed=False)
    package = JobPackage.objects.lock(job.id, template)
    effect = package.on_result(job, result)
    if effect.processed:
        job.note_overtime(_beyond_its_share(job, result))
        tell_of_package(job, package)
    else:
        logger.info("result without effect: %s %s", job.public_id, package.name)
    return job, effect


def tell_of_package(job: JobCoordinator, package: JobPackage) -> None:
    """Who wants to hear that a package has ended. In the transaction that ends it."""
    event = f"package.{package.status}"
    if write_event(event, user_id=job.user_id, job_id=job.id, template=package.template):
        after_commit(dispatch_webhooks)
    hint_after_commit(job.id)


def _may_be_made(job: JobCoordinator) -> bool:
    return job.status == JobStatus.DONE and has_photos(job)


def _beyond_its_share(job: JobCoordinator, result: PackageResult) -> int:
    """Milliseconds that count against the user's share of the workers: the first edition of a
    package may take as long as its photos did, further ones are all extra.
    """
    usual = USUAL_MS * job.done_items if result.edition == 1 else 0
    return max(0, result.held_ms - usual)
