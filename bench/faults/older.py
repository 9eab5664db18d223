"""Time that has passed: a job's rows are made older, as if everything had happened before."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from jobs.models import JobCoordinator, JobItem, JobLog
from users.models import Reservation


@transaction.atomic
def make_older(job: UUID, by: timedelta) -> None:
    """All but the ledger, whose rows nobody may change."""
    JobCoordinator.objects.filter(pk=job).update(
        created_at=F("created_at") - by,
        updated_at=F("updated_at") - by,
        queued_at=F("queued_at") - by,
        finished_at=F("finished_at") - by,
    )
    JobItem.objects.filter(job_id=job).update(lease_expires_at=F("lease_expires_at") - by)
    JobLog.objects.filter(job_id=job).update(
        created_at=F("created_at") - by, finished_at=F("finished_at") - by
    )
    Reservation.objects.filter(job_id=job).update(
        reserved_at=F("reserved_at") - by, released_at=F("released_at") - by
    )
