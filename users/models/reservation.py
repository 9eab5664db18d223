"""Reservation: the credits and the slot that one job holds."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from s3project import ids


class Reservation(models.Model):
    """A lock of the limiter: the credits and the slot that one job holds until it is settled.

    The job is named by its id only: `users` knows nothing of `jobs`.
    """

    job_id = models.UUIDField(primary_key=True)
    limiter = models.ForeignKey("users.UserLimiter", models.PROTECT, related_name="reservations")
    item_count = models.IntegerField()
    reserved_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        ordering = ("-reserved_at",)
        constraints = (
            models.CheckConstraint(condition=Q(item_count__gt=0), name="reservation_items_gt_0"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, outcome="")
                | Q(released_at__isnull=False, outcome__in=["commit", "rollback"]),
                name="reservation_outcome_iff_released",
            ),
        )
        indexes = (
            models.Index(
                fields=["limiter"], condition=Q(released_at__isnull=True), name="reservation_open"
            ),
        )

    def __str__(self) -> str:
        return f"{job_ref(self.job_id)} ({self.outcome or 'open'})"


def job_ref(job_id: UUID) -> str:
    """How the ledger names a job."""
    return ids.public_id(ids.JOB, job_id)
