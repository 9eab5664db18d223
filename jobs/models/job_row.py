"""What is stored of a job, and what can be told from that alone."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jobs.models.fields import OrderedJSONField
from jobs.models.job_constraints import JOB_CONSTRAINTS, JOB_INDEXES
from jobs.models.results import JobProgress
from jobs.states import FINISHED, IN_WORK, JobStatus
from s3project import ids


class JobRow(models.Model):
    """The columns of JobCoordinator, which changes them (`coordinator.py`)."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    # Indexes of its own begin with it.
    user = models.ForeignKey("users.User", models.PROTECT, related_name="jobs", db_index=False)
    status = models.CharField(max_length=16, choices=JobStatus.choices, default=JobStatus.CREATED)
    preset = models.CharField(max_length=32)
    concepts = OrderedJSONField(default=dict)
    protect = ArrayField(models.CharField(max_length=64), blank=True, default=list)
    # `protect` is what the preset protects where nothing is said.
    protect_defaulted = models.BooleanField(default=False)
    rule_id = models.UUIDField(null=True, blank=True)
    output_template = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 (null: no template)
    metadata = models.JSONField(default=dict, blank=True)
    # The job whose photos these are edits of, and the one that they were uploaded for: where a
    # second look is looked at again, the first of all. Null: photos of its own.
    source_job_id = models.UUIDField(null=True, blank=True)
    photos_job_id = models.UUIDField(null=True, blank=True)
    total_items = models.IntegerField()
    done_items = models.IntegerField(default=0)
    failed_items = models.IntegerField(default=0)
    # What a cancel left charged: the photos that were done (contract §1.4).
    canceled_charge = models.IntegerField(default=0)
    # Milliseconds that its photos kept workers busy beyond what is usual (`limits.overtime`).
    overtime_ms = models.BigIntegerField(default=0, db_default=0)
    # When that last grew.
    overtime_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # When its owner gave it up: its photos and results are deleted at once.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Until when an operator keeps its photos and results, where that is longer than usual.
    kept_until = models.DateTimeField(null=True, blank=True)
    # When everything the job had in the storage was deleted for good.
    storage_deleted_at = models.DateTimeField(null=True, blank=True)
    # Since when its items are in the history only (`upkeep/archive.py`).
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        verbose_name = "job"
        ordering = ("-created_at", "-id")
        permissions = (("view_photos", "Can see the photos of customers"),)
        indexes = JOB_INDEXES
        constraints = JOB_CONSTRAINTS

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.JOB, self.id)

    @property
    def photos_of(self) -> UUID:
        """The job that its photos were uploaded for; those of all its photos are in its folder."""
        return self.photos_job_id or self.id

    @property
    def progress(self) -> JobProgress:
        return JobProgress(self.done_items, self.failed_items, self.total_items)

    @property
    def charged_items(self) -> int | None:
        """The credits that the job cost; None while it is not settled."""
        if not self.is_finished:
            return None
        return self.done_items if self.status == JobStatus.DONE else self.canceled_charge

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def is_in_work(self) -> bool:
        return self.status in IN_WORK
