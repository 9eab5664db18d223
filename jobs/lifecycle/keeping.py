"""Until when the photos and results of a job are kept. Deleting them is `upkeep/deletion.py`."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from jobs.models import JobCoordinator
from jobs.models.poll_statements import VersionRow
from jobs.states import COMPLETED


def expires_at(job: JobCoordinator | VersionRow) -> datetime | None:
    """When the photos and results of a done or failed job cease to be kept; None for never, and
    while the job is unfinished or when it was canceled.
    """
    if settings.STORAGE_RETENTION is None or job.status not in COMPLETED or job.finished_at is None:
        return None
    return job.finished_at + settings.STORAGE_RETENTION


def is_expired(job: JobCoordinator | VersionRow) -> bool:
    """Whether the photos and results of the job are deleted, or are about to be."""
    end = expires_at(job)
    return job.storage_deleted_at is not None or (end is not None and end <= timezone.now())
