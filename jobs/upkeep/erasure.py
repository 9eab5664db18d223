"""Forgetting users who deleted their account (contract §3.8).

`users.services.delete_user` ended what they could sign in with. Here their jobs end, and whatever
they wrote or sent goes: names, metadata, orders, rules, webhooks, photos, results and masks.
Numbers stay: the ledger, how many photos there were, when. Every step is safe to repeat, and
`erased_at` is set after the last one.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from jobs import keys
from jobs.errors import AlreadyCanceled, InvalidTransition
from jobs.lifecycle.services import cancel_job
from jobs.models import JobCoordinator, JobItem, JobItemLog, JobLog, JobPackage, Rule
from jobs.states import UNFINISHED
from jobs.storage.bucket import StorageUnavailable, photo_storage
from jobs.webhooks.endpoints import delete_webhooks_of
from users.models import User, UserLimiter

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it.
USERS_PER_RUN = 20
# Beyond those that are erased, so many are tried: one that fails for ever keeps nobody waiting.
TRIED_PER_RUN = 200
# With the storage away every user would wait for its timeouts.
FAILURES_OF_STORAGE = 3
# A statement ends after STATEMENT_TIMEOUT_MS, and a user may have made jobs for years.
JOBS_PER_STEP = 500
EMPTY_LOG: dict[str, Any] = {
    "concepts_json": {},
    "protect_json": [],
    "params_json": {},
    "error": "",
    "rule_id": None,
}


def erase_users() -> int:
    """Erases up to USERS_PER_RUN users, the first to ask first; returns how many. Whoever cannot
    be erased now, the storage being away for one, is left to the next run.
    """
    erased = failures_of_storage = 0
    waiting = _to_erase().order_by("deleted_at").values_list("pk", flat=True)[:TRIED_PER_RUN]
    for user_id in list(waiting):
        try:
            objects = _erase(user_id)
        except DatabaseError:
            logger.exception("user %s could not be erased", user_id)
        except StorageUnavailable:
            logger.exception("user %s could not be erased", user_id)
            failures_of_storage += 1
        else:
            logger.info("erased user %s, %d objects", user_id, objects)
            erased += 1
        if erased == USERS_PER_RUN or failures_of_storage == FAILURES_OF_STORAGE:
            break
    return erased


def _to_erase() -> QuerySet[User]:
    return User.objects.filter(deleted_at__isnull=False, erased_at__isnull=True)


def _erase(user_id: UUID) -> int:
    """Returns how many objects there were. Raises DatabaseError or StorageUnavailable."""
    # First, so that nobody is told what follows.
    delete_webhooks_of(user_id)
    jobs = JobCoordinator.objects.owned_by(user_id)
    for job_id in jobs.filter(status__in=UNFINISHED).values_list("pk", flat=True):
        try:
            cancel_job(user_id=user_id, job_id=job_id)
        except (AlreadyCanceled, InvalidTransition):
            continue  # it ended by itself
    job_ids = list(jobs.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(job_ids), JOBS_PER_STEP):
        _scrub_jobs(job_ids[start : start + JOBS_PER_STEP])
    _scrub_rest(user_id)
    # A worker in the middle of a photo may store it yet: the final deletion of its job has that.
    objects = photo_storage().delete_below(keys.user_prefixes(user_id))
    UserLimiter.objects.note_storage_change(user_id)
    _to_erase().filter(pk=user_id).update(erased_at=Now())
    return objects


@transaction.atomic
def _scrub_jobs(job_ids: list[UUID]) -> None:
    """Empties every field that a client, or a worker about a client's words, has written."""
    jobs = JobCoordinator.objects.filter(pk__in=job_ids)
    # Locked in the order job → items, as everywhere.
    list(jobs.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
    jobs.update(
        deleted_at=Coalesce("deleted_at", Now()),
        updated_at=Now(),
        concepts={},
        protect=[],
        output_template=None,
        metadata={},
        rule_id=None,
    )
    JobPackage.objects.filter(job_id__in=job_ids).delete()
    words = {"name": "", "error": "", "warnings": []}
    JobItem.objects.filter(job_id__in=job_ids).update(**words, instances={})
    JobItemLog.objects.filter(job_id__in=job_ids).update(**words)
    JobLog.objects.filter(job_id__in=job_ids).update(**EMPTY_LOG)


@transaction.atomic
def _scrub_rest(user_id: UUID) -> None:
    """The history of jobs that have no row any more, and the rules."""
    rows = JobCoordinator.objects.owned_by(user_id).values("pk")
    JobLog.objects.filter(user_id=user_id).exclude(job_id__in=rows).update(**EMPTY_LOG)
    UserLimiter.objects.lock(user_id)
    Rule.objects.owned_by(user_id).delete()
    UserLimiter.objects.filter(pk=user_id).update(rule_slots_used=0)
