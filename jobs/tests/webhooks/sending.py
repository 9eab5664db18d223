"""The sender, run to its end in the test's own transaction."""

from typing import Any

from django.utils import timezone

from jobs.api.webhook_payload import payload
from jobs.models import Webhook, WebhookDelivery
from jobs.webhooks import endpoints
from jobs.webhooks.sender import Sender
from users.models import User


def send_all() -> int:
    return Sender(payload).run()


def endpoint(user: User, url: str, **options: Any) -> Webhook:
    return endpoints.create_webhook(user_id=user.id, url=url, **options)


def tried(webhook: Webhook) -> WebhookDelivery:
    """The one delivery of an endpoint, as it is now."""
    return WebhookDelivery.objects.get(webhook=webhook)


def make_due() -> None:
    WebhookDelivery.objects.update(due_at=timezone.now())
