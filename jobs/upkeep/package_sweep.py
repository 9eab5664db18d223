"""The sweep of packages, by the rules of the sweep of items (`sweep.py`)."""

import logging

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from jobs.delivery.package_dispatch import dispatch_package
from jobs.lifecycle.keeping import has_photos
from jobs.lifecycle.packages import tell_of_package
from jobs.models import JobCoordinator, JobPackage
from jobs.result_keys import TIMEOUT, WORKER_LOST
from jobs.upkeep.sweep import PUBLISH_GRACE

logger = logging.getLogger(__name__)

PACKAGES_PER_SWEEP = 100


def dispatch_due_packages() -> int:
    """Sends again the packages that nobody works on; fails those that too many workers were lost
    with, or that nobody came for. Returns how many were sent.
    """
    sent = 0
    broker_answers = True
    for package_id in _due_packages():
        try:
            attempt = _take_stock(package_id)
        except DatabaseError:
            logger.exception("package %d could not be swept", package_id)
            if not connection.is_usable():
                raise
            continue
        if attempt is not None and broker_answers:
            broker_answers = dispatch_package(package_id, attempt=attempt)
            sent += broker_answers
    return sent


def _due_packages() -> list[int]:
    due = JobPackage.objects.due().filter(asked_at__lt=Now() - PUBLISH_GRACE)
    return list(due.order_by("asked_at").values_list("pk", flat=True)[:PACKAGES_PER_SWEEP])


@transaction.atomic
def _take_stock(package_id: int) -> int | None:
    """The attempt as which a due package is to be sent; None where it is not to be. One of a job
    that was deleted or has expired is forgotten.
    """
    found = JobPackage.objects.filter(pk=package_id).first()
    job = None if found is None else JobCoordinator.objects.lock_if_free(found.job_id)
    if found is None or job is None:
        return None
    patience = settings.MAX_ATTEMPTS * settings.QUEUE_LEASE
    if not has_photos(job):
        found.delete()
        return None
    package = JobPackage.objects.lock(job.id, found.template)
    due = JobPackage.objects.due().filter(pk=package_id)
    if not due.exists():
        return None
    if package.claimed_by:
        reason = WORKER_LOST if package.attempt >= settings.MAX_ATTEMPTS else None
    else:
        reason = TIMEOUT if due.filter(waits_since__lt=Now() - patience).exists() else None
    if reason is not None:
        package.give_up(job, reason)
        tell_of_package(job, package)
        logger.warning("gave up %s %s: %s", job.public_id, package.name, reason)
        return None
    return package.attempt + 1 if package.claimed_by else max(package.attempt, 1)
