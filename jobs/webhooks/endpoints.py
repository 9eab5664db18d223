"""What users do with their webhooks: each function is one transaction."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jobs.errors import WebhookLimit, WebhookOff
from jobs.events import DEFAULT_EVENTS, TEST_EVENT
from jobs.models.webhook import MAX_WEBHOOKS, Webhook
from jobs.models.webhook_delivery import DeliveryStatus, WebhookDelivery
from s3project import ids
from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.pages import Page, PageRequest, take_page
from users.models import UserLimiter


def list_webhooks(*, user_id: UUID) -> list[Webhook]:
    """The newest first; there are never more than MAX_WEBHOOKS. One query."""
    return list(Webhook.objects.owned_by(user_id))


def get_webhook(*, user_id: UUID, webhook_id: UUID | None) -> Webhook:
    """One query. Raises WebhookNotFound."""
    return Webhook.objects.owned_by(user_id).get_webhook(webhook_id)


@transaction.atomic
def create_webhook(
    *,
    user_id: UUID,
    url: str,
    events: list[str] | None = None,
    description: str = "",
    actor: Actor = SYSTEM,
) -> Webhook:
    """Raises WebhookLimit or TokenInvalid, without effect."""
    # The lock of the user's counters is that of whatever is counted.
    limiter = UserLimiter.objects.lock(user_id)
    limiter.check_active()
    if Webhook.objects.owned_by(user_id).count() >= MAX_WEBHOOKS:
        raise WebhookLimit(limit=MAX_WEBHOOKS)
    webhook = Webhook.objects.create(
        user_id=user_id,
        url=url,
        events=list(DEFAULT_EVENTS) if events is None else events,
        description=description,
    )
    _record(Action.WEBHOOK_CREATED, webhook, actor)
    return webhook


@transaction.atomic
def update_webhook(
    *, user_id: UUID, webhook_id: UUID | None, actor: Actor = SYSTEM, **changes: Any
) -> Webhook:
    """Replaces what is given of url, events, description and enabled. Raises WebhookNotFound."""
    webhook = Webhook.objects.owned_by(user_id).lock(webhook_id)
    if changes:
        webhook.edit(**changes)
        _record(Action.WEBHOOK_CHANGED, webhook, actor)
    return webhook


@transaction.atomic
def rotate_webhook(*, user_id: UUID, webhook_id: UUID | None, actor: Actor = SYSTEM) -> Webhook:
    """A new secret; the old one signs too for a day. Raises WebhookNotFound."""
    webhook = Webhook.objects.owned_by(user_id).lock(webhook_id)
    webhook.rotate()
    _record(Action.WEBHOOK_ROTATED, webhook, actor)
    return webhook


@transaction.atomic
def delete_webhook(*, user_id: UUID, webhook_id: UUID | None, actor: Actor = SYSTEM) -> None:
    """With all that is known of its deliveries; what is being sent still arrives. Raises
    WebhookNotFound, also for the second of two at once."""
    webhook = Webhook.objects.owned_by(user_id).lock_to_delete(webhook_id)
    _record(Action.WEBHOOK_DELETED, webhook, actor)
    webhook.delete()


@transaction.atomic
def delete_webhooks_of(user_id: UUID) -> int:
    """All of a user who is gone; returns how many."""
    webhook_ids = Webhook.objects.owned_by(user_id).values_list("pk", flat=True)
    for webhook_id in sorted(webhook_ids):
        Webhook.objects.lock_to_delete(webhook_id).delete()
    return len(webhook_ids)


@transaction.atomic
def send_test(*, user_id: UUID, webhook_id: UUID | None) -> WebhookDelivery:
    """An event that says only that it is a test. Raises WebhookNotFound or WebhookOff."""
    webhook = _enabled(user_id, webhook_id)
    return WebhookDelivery.objects.create(webhook=webhook, type=TEST_EVENT, **_due_now())


def list_deliveries(
    *, user_id: UUID, webhook_id: UUID | None, page: PageRequest
) -> Page[WebhookDelivery]:
    """The newest first. Two queries. Raises WebhookNotFound."""
    webhook = get_webhook(user_id=user_id, webhook_id=webhook_id)
    found = take_page(WebhookDelivery.objects.filter(webhook=webhook), page)
    for delivery in found.rows:
        delivery.webhook = webhook
    return found


@transaction.atomic
def resend_delivery(
    *, user_id: UUID, webhook_id: UUID | None, delivery_id: UUID | None
) -> WebhookDelivery:
    """It is sent again now, under its id, and where that fails as if it were new. Raises
    WebhookNotFound, DeliveryNotFound or WebhookOff."""
    webhook = _enabled(user_id, webhook_id)
    delivery = WebhookDelivery.objects.filter(webhook=webhook).lock(delivery_id)
    delivery.webhook = webhook
    # A lease stays: who holds it is sending it now.
    delivery.status, delivery.retries = DeliveryStatus.PENDING, 0
    delivery.due_at = timezone.now()
    delivery.save(update_fields=["status", "retries", "due_at"])
    return delivery


def _enabled(user_id: UUID, webhook_id: UUID | None) -> Webhook:
    webhook = Webhook.objects.owned_by(user_id).lock(webhook_id)
    if not webhook.enabled:
        raise WebhookOff
    return webhook


def _due_now() -> dict[str, Any]:
    now = timezone.now()
    return {"created_at": now, "due_at": now}


def _record(action: Action, webhook: Webhook, actor: Actor) -> None:
    record_act(
        action,
        actor=actor,
        kind=ObjectKind.WEBHOOK,
        object_id=webhook.public_id,
        details={"user": ids.public_id(ids.USER, webhook.user_id)},
    )
