"""Letting time pass: rows move into the past, the clock stays what it is."""

from datetime import timedelta

from django.db.models import F

from jobs.models import JobCoordinator, JobLog

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def age(job: JobCoordinator, by: timedelta) -> None:
    """As if everything had happened to the job by so much earlier."""
    JobCoordinator.objects.filter(pk=job.pk).update(
        created_at=F("created_at") - by,
        updated_at=F("updated_at") - by,
        queued_at=F("queued_at") - by,
        finished_at=F("finished_at") - by,
    )
    job.items.update(lease_expires_at=F("lease_expires_at") - by)
    JobLog.objects.filter(job_id=job.pk).update(
        created_at=F("created_at") - by, finished_at=F("finished_at") - by
    )
    job.refresh_from_db()
