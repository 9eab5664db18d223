"""WebhookDelivery: one event for one endpoint, until it is delivered or given up, and for a while
afterwards.
"""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.errors import DeliveryNotFound
from s3project import ids
from s3project.querysets import LockingQuerySet, manager_of

# How long after a failure the next try comes, before jitter; after the last it is given up.
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
# Of what a receiver answers.
MAX_BODY = 1024


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryQuerySet(LockingQuerySet["WebhookDelivery"]):
    def get_delivery(self, delivery_id: UUID | None) -> "WebhookDelivery":
        """Raises DeliveryNotFound."""
        delivery = self.filter(pk=delivery_id).first() if delivery_id is not None else None
        if delivery is None:
            raise DeliveryNotFound
        return delivery

    def lock(self, delivery_id: UUID | None) -> "WebhookDelivery":
        """Below the lock of its endpoint, where both are taken. Raises DeliveryNotFound."""
        return self.select_for_update(of=("self",), no_key=True).get_delivery(delivery_id)


class WebhookDelivery(models.Model):
    """`id` is the `webhook-id` of every try. What an event says of its job is read when it is
    sent; here is only which event it was.

    Pending, and no lease that lives: the first sender that comes after `due_at` takes it. Each
    take counts as an attempt, and only who made the last one may say how it went.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    # The log's index begins with it.
    webhook = models.ForeignKey(
        "jobs.Webhook", models.CASCADE, related_name="deliveries", db_index=False
    )
    type = models.CharField(max_length=32)
    job_id = models.UUIDField(null=True, blank=True)
    idx = models.IntegerField(null=True, blank=True)
    # Of a package, its alias.
    template = models.CharField(max_length=32, blank=True, default="", db_default="")
    status = models.CharField(
        max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.IntegerField(default=0, db_default=0)
    # How many of RETRIES it had; a resend begins anew.
    retries = models.IntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    last_try_at = models.DateTimeField(null=True, blank=True)
    response_status = models.IntegerField(null=True, blank=True)
    response_body = models.CharField(max_length=MAX_BODY, blank=True, default="", db_default="")
    error = models.CharField(max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[DeliveryQuerySet] = manager_of(DeliveryQuerySet)

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(
                fields=["webhook", "due_at"],
                condition=Q(status="pending"),
                name="delivery_pending",
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_log"),
            models.Index(fields=["created_at"], name="delivery_created"),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.DELIVERY, self.id)
