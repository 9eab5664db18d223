"""WorkerHost: a machine whose workers claim photos, as they said when they last did."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jobs.backends import Backend
from s3project.querysets import manager_of

KEPT_FOR = timedelta(days=30)


class WorkerHostQuerySet(models.QuerySet["WorkerHost"]):
    def note(self, host: str, backend: Backend) -> None:
        """The host claimed just now. One statement."""
        concepts = None if backend.concepts is None else sorted(backend.concepts)
        self.bulk_create(
            [WorkerHost(host=host, backend=backend.name, concepts=concepts, seen_at=Now())],
            update_conflicts=True,
            unique_fields=["host"],
            update_fields=["backend", "concepts", "seen_at"],
        )

    def forget(self) -> int:
        """Deletes those that have not claimed for KEPT_FOR; returns how many."""
        return self.filter(seen_at__lt=Now() - KEPT_FOR).delete()[0]


class WorkerHost(models.Model):
    """For operators only: nothing is decided by it."""

    host = models.CharField(max_length=200, primary_key=True)
    backend = models.CharField(max_length=64)
    # None: the backend takes any name.
    concepts = ArrayField(models.CharField(max_length=64), null=True)
    first_seen_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_index=True)

    objects: ClassVar[WorkerHostQuerySet] = manager_of(WorkerHostQuerySet)

    class Meta:
        ordering = ("host",)

    def __str__(self) -> str:
        return self.host
