"""Until when the photos and results of a job are kept. Deleting them is `upkeep/deletion.py`."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from jobs.models import JobCoordinator
from jobs.models.poll_statements import VersionRow
from jobs.states import COMPLETED, UNFINISHED


def is_kept(job: JobCoordinator | VersionRow) -> bool:
    """Whether what the job made is the user's: it is completed, or a cancel left it charged."""
    return job.status in COMPLETED or job.canceled_charge > 0


def has_photos(job: JobCoordinator | VersionRow) -> bool:
    """Whether its photos, and what was made of them, are still there for its owner: an unfinished
    job's are, and those of one that is kept until it expires.
    """
    return (is_kept(job) or job.status in UNFINISHED) and not is_expired(job)


def expires_at(job: JobCoordinator | VersionRow) -> datetime | None:
    """When photos and results cease to be kept; None for never, and where they are not kept."""
    if job.deleted_at is not None:
        return job.deleted_at
    if settings.STORAGE_RETENTION is None or not is_kept(job) or job.finished_at is None:
        return None
    end = job.finished_at + settings.STORAGE_RETENTION
    return end if job.kept_until is None else max(end, job.kept_until)


def is_expired(job: JobCoordinator | VersionRow) -> bool:
    """Whether the photos and results of the job are deleted, or are about to be."""
    end = expires_at(job)
    return job.storage_deleted_at is not None or (end is not None and end <= timezone.now())
