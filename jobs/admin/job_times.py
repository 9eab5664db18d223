"""What happened to a job when, and how long each step took."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.html import format_html

from jobs.lifecycle.keeping import expires_at, is_expired
from jobs.models import JobCoordinator
from s3project.acts.models import Act
from s3project.admin.durations import duration
from s3project.admin.panels import Happening, Timeline
from s3project.admin.tables import Cell, act_link, moment

MOST_ACTS = 50


class Event(NamedTuple):
    when: datetime
    what: Cell
    detail: Cell = ""


def age(job: JobCoordinator) -> str:
    return duration(timezone.now() - job.created_at)


def took(job: JobCoordinator) -> str:
    """From the order to the end; of one in work until now."""
    if job.queued_at is None:
        return "–"
    if job.finished_at is None:
        return f"{duration(timezone.now() - job.queued_at)} so far"
    return duration(job.finished_at - job.queued_at)


def timeline(job: JobCoordinator) -> Timeline:
    """The job's own times, and the acts upon it. One query."""
    events = sorted([*_of_the_job(job), *_acts(job)], key=lambda event: event.when)
    happenings, before = [], None
    for event in events:
        after = f"after {duration(event.when - before)}" if before else ""
        happenings.append(Happening(f"{moment(event.when)} UTC", event.what, after, event.detail))
        before = event.when
    if not job.is_finished and before is not None:
        happenings.append(Happening("now", job.status, f"for {duration(timezone.now() - before)}"))
    return Timeline("What happened when", happenings)


def _of_the_job(job: JobCoordinator) -> Iterator[Event]:
    yield Event(job.created_at, "created")
    if job.queued_at:
        yield Event(job.queued_at, "executed: its photos are to be edited")
    if job.finished_at:
        yield Event(job.finished_at, f"ended: {job.status}")
    elif job.queued_at and (job.done_items or job.failed_items):
        yield Event(job.updated_at, "the newest result")
    if job.deleted_at:
        yield Event(job.deleted_at, "photos and results given up")
    if job.storage_deleted_at:
        yield Event(job.storage_deleted_at, "everything in the storage deleted for good")
    if job.archived_at:
        yield Event(job.archived_at, "archived: its photos are in the history only")
    end = expires_at(job)
    if end and not is_expired(job):
        yield Event(end, "photos and results cease to be kept")


def _acts(job: JobCoordinator) -> Iterator[Event]:
    for act in Act.objects.filter(object_id=job.public_id).order_by("-id")[:MOST_ACTS]:
        who = act.actor_name or act.actor_kind
        yield Event(
            act.created_at,
            format_html("{} by {}", act_link(act.id, act.action), who),
            act.reason,
        )
