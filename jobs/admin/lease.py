"""Who works on something, and for how long yet."""

from django.utils import timezone

from jobs.models import JobItem, JobPackage
from s3project.admin.tables import NOTHING


def lease(row: JobItem | JobPackage) -> str:
    """Who has a photo or a package, and for how long yet; or who had it."""
    if row.lease_expires_at is None:
        return row.claimed_by or NOTHING
    left = int((row.lease_expires_at - timezone.now()).total_seconds())
    holder = row.claimed_by or "in the queue"
    return f"{holder}, {left} s left" if left > 0 else f"{holder}, ran out"
