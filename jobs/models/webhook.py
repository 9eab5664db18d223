"""Webhook: an address of a user's that is told of events (contract §3.7)."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.errors import WebhookNotFound
from s3project import ids
from s3project.querysets import LockingQuerySet, manager_of

MAX_WEBHOOKS = 5
MAX_URL = 2048
MAX_DESCRIPTION = 200
SECRET_PREFIX = "whsec_"  # noqa: S105 (what every secret begins with)
# For so long after a rotation the old secret signs too.
ROTATION = timedelta(hours=24)
# An endpoint at which nothing succeeded for so long is switched off.
GIVEN_UP_AFTER = timedelta(days=5)


class OffReason(models.TextChoices):
    """Why an endpoint is off."""

    OWNER = "owner"  # its owner said so
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # nothing succeeded for GIVEN_UP_AFTER


def new_secret() -> str:
    """256 random bits, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookQuerySet(LockingQuerySet["Webhook"]):
    def owned_by(self, user_id: UUID) -> "WebhookQuerySet":
        return self.filter(user_id=user_id)

    def get_webhook(self, webhook_id: UUID | None) -> "Webhook":
        """Unlocked, for reading. Raises WebhookNotFound."""
        webhook = self.filter(pk=webhook_id).first() if webhook_id is not None else None
        if webhook is None:
            raise WebhookNotFound
        return webhook

    def lock(self, webhook_id: UUID | None) -> "Webhook":
        """Before its deliveries, after everything else. Events are written meanwhile. Raises
        WebhookNotFound."""
        return self.select_for_update(of=("self",), no_key=True).get_webhook(webhook_id)

    def lock_to_delete(self, webhook_id: UUID | None) -> "Webhook":
        """As `lock`, but whoever writes an event for it waits, and then finds it gone."""
        return self.select_for_update(of=("self",)).get_webhook(webhook_id)


class Webhook(models.Model):
    """Every method that changes it needs the row locked by `lock`."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey("users.User", models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=MAX_URL)
    description = models.CharField(max_length=MAX_DESCRIPTION, blank=True, default="")
    events = ArrayField(models.CharField(max_length=32))
    # What its deliveries are signed with: it must be known in full.
    secret = models.CharField(max_length=64, default=new_secret, editable=False)
    old_secret = models.CharField(max_length=64, blank=True, default="", editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    off_reason = models.CharField(
        max_length=16, choices=OffReason.choices, blank=True, default="", db_default=""
    )
    # Since when nothing succeeds; null after a success.
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[WebhookQuerySet] = manager_of(WebhookQuerySet)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(enabled=True, off_reason="") | Q(enabled=False) & ~Q(off_reason=""),
                name="webhook_off_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(old_secret="", old_secret_until__isnull=True)
                | ~Q(old_secret="") & Q(old_secret_until__isnull=False),
                name="webhook_old_secret_ends",
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.WEBHOOK, self.id)

    def secrets_at(self, now: datetime) -> list[str]:
        """What a delivery is signed with, the present one first."""
        old_counts = self.old_secret_until is not None and now < self.old_secret_until
        return [self.secret, self.old_secret] if old_counts else [self.secret]

    def rotate(self) -> None:
        """A new secret; of those before, the last one signs too for ROTATION."""
        self.old_secret, self.old_secret_until = self.secret, timezone.now() + ROTATION
        self.secret = new_secret()
        self.save(update_fields=["secret", "old_secret", "old_secret_until", "updated_at"])

    def edit(
        self,
        *,
        url: str | None = None,
        events: list[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> None:
        """Replaces what is given. Who is at another address, or switched on again, has not failed
        yet."""
        is_new_place = url is not None and url != self.url
        self.url = self.url if url is None else url
        self.events = self.events if events is None else events
        self.description = self.description if description is None else description
        if enabled is not None and enabled != self.enabled:
            self.enabled, self.off_reason = enabled, "" if enabled else OffReason.OWNER
            is_new_place = is_new_place or enabled
        if is_new_place:
            self.failing_since = None
        self.save(
            update_fields=[
                "url", "events", "description", "enabled", "off_reason", "failing_since",
                "updated_at",
            ]
        )  # fmt: skip

    def note_success(self, now: datetime) -> None:
        self.last_success_at, self.failing_since = now, None
        self.save(update_fields=["last_success_at", "failing_since"])

    def note_failure(self, now: datetime, *, gone: bool) -> bool:
        """Whether it is switched off by it."""
        self.failing_since = self.failing_since or now
        if self.enabled and (gone or now - self.failing_since >= GIVEN_UP_AFTER):
            self.enabled = False
            self.off_reason = OffReason.GONE if gone else OffReason.FAILING
        self.save(update_fields=["failing_since", "enabled", "off_reason"])
        return not self.enabled
