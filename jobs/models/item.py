"""JobItem: one photo of a job, its result, and who works on it."""

from dataclasses import dataclass
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.models.fields import OrderedJSONField
from jobs.states import ItemStatus
from s3project.querysets import LockingQuerySet, manager_of

# Nobody holds the item, by the database's clock.
LEASE_OVER = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lte=Now())


@dataclass(frozen=True)
class NewPhoto:
    """What is known of a photo when its job is made."""

    input_key: str
    name: str = ""
    declared_bytes: int | None = None
    source_idx: int | None = None


class JobItemQuerySet(LockingQuerySet["JobItem"]):
    """The phases of a pending item are said in SQL too, for statements that are written out
    (`item_phases.py`); a test holds the two equal.
    """

    def due(self) -> "JobItemQuerySet":
        """Pending items that nobody holds a lease of, by the database's clock."""
        return self.filter(LEASE_OVER, status=ItemStatus.PENDING)

    def at_work(self) -> "JobItemQuerySet":
        """Pending items that were sent, or are about to be: reserved for a message."""
        return self.filter(
            Q(attempt__gt=0) | Q(lease_expires_at__gt=Now()), status=ItemStatus.PENDING
        )

    def unsent(self) -> "JobItemQuerySet":
        """Pending items that wait for room among their job's chunks at work."""
        return self.due().filter(attempt=0)

    def lock_in_order(self) -> "JobItemQuerySet":
        """The second level of job → items → packages → limiter."""
        return self.select_for_update(of=("self",), no_key=True).order_by("idx")

    def in_hand(self) -> "JobItemQuerySet":
        """Pending items under the live lease of a worker, by the database's clock. A lease of
        the queue has no name on it and does not count.
        """
        return self.filter(status=ItemStatus.PENDING, lease_expires_at__gt=Now()).exclude(
            claimed_by=""
        )


class JobItem(models.Model):
    """Its result is changed only under the lock of its job, and counted when it leaves `pending`,
    never by key. Leases of the queue are written without that lock (`jobs/delivery/leases.py`).
    """

    # The constraints' indexes begin with it.
    job = models.ForeignKey(
        "jobs.JobCoordinator", models.PROTECT, related_name="items", db_index=False
    )
    idx = models.IntegerField()
    status = models.CharField(max_length=16, choices=ItemStatus.choices, default=ItemStatus.PENDING)
    # Where the photo is: read, never worked out again.
    input_key = models.CharField(max_length=200)
    # What the client calls it, and how large it said it is.
    name = models.CharField(max_length=255, blank=True, default="")
    declared_bytes = models.IntegerField(null=True, blank=True)
    # Its place in the job that its photo is from, where it was not uploaded for this one.
    source_idx = models.IntegerField(null=True, blank=True)
    output_key = models.CharField(max_length=200, blank=True, default="")
    preview_key = models.CharField(max_length=200, blank=True, default="")
    error = models.CharField(max_length=2000, blank=True, default="")
    warnings = ArrayField(models.CharField(max_length=300), blank=True, default=list)
    # Where its concepts lie, as the worker found them: name → instances in the order of their
    # numbers. Without a photo it says nothing, so that no history has it.
    instances = OrderedJSONField(blank=True, default=dict, db_default={})

    # The key whose callback gave the item its present status, and the one of a failure that a
    # later success replaced. Both stay known for good: a repeat of either is a duplicate.
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (null is unique beside null)
    superseded_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (null is unique beside null)

    # Claims, not messages: 0 until the item was first sent, then 1, and one more each time that a
    # worker which had claimed it did not come through. Below it: until when it is somebody's, and
    # whose (architecture §3).
    attempt = models.IntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=200, blank=True, default="")

    objects: ClassVar[JobItemQuerySet] = manager_of(JobItemQuerySet)

    class Meta:
        ordering = ("job", "idx")
        constraints = (
            models.UniqueConstraint(fields=["job", "idx"], name="item_job_idx"),
            # Of those that there are: most items have no key yet, and hardly any a second one.
            models.UniqueConstraint(
                fields=["job", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="item_job_reported_key",
            ),
            models.UniqueConstraint(
                fields=["job", "superseded_key"],
                condition=Q(superseded_key__isnull=False),
                name="item_job_replaced_key",
            ),
            models.CheckConstraint(condition=Q(idx__gte=0), name="item_idx_gte_0"),
            models.CheckConstraint(
                condition=Q(status="pending", idempotency_key__isnull=True)
                | Q(status__in=["done", "failed"], idempotency_key__isnull=False),
                name="item_key_iff_reported",
            ),
            models.CheckConstraint(
                condition=Q(superseded_key__isnull=True) | Q(status="done"),
                name="item_superseded_only_if_done",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | ~Q(output_key="") & ~Q(preview_key=""),
                name="item_done_has_output",
            ),
        )

    def __str__(self) -> str:
        return f"#{self.idx} {self.status}"
