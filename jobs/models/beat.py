"""Beat: when maintenance last did what its clock told it to."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from s3project.querysets import manager_of

ONLY = 1
# A long task, an audit of very many jobs say, keeps the others waiting for less.
LATE = timedelta(minutes=5)


class BeatQuerySet(models.QuerySet["Beat"]):
    def note(self) -> None:
        """The clock was heard just now. One statement."""
        self.bulk_create(
            [Beat(seen_at=Now())],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["seen_at"],
        )


class Beat(models.Model):
    """One row, none before the first: beat sent a message, the broker had it, and maintenance took
    it. For operators only: nothing is decided by it."""

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    seen_at = models.DateTimeField()

    objects: ClassVar[BeatQuerySet] = manager_of(BeatQuerySet)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=ONLY), name="beat_is_one_row"),)

    def __str__(self) -> str:
        return f"seen at {self.seen_at:%H:%M:%S}"
