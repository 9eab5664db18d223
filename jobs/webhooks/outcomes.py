"""What comes of a try: delivered, tried again later, or given up; and what that says of the
endpoint.
"""

import logging
import random
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from jobs.errors import DeliveryNotFound, WebhookNotFound
from jobs.models.webhook import Webhook
from jobs.models.webhook_delivery import RETRIES, DeliveryStatus, WebhookDelivery
from jobs.webhooks import metrics
from jobs.webhooks.claiming import Claimed
from jobs.webhooks.posting import Answer, NotSent

logger = logging.getLogger(__name__)

# A delivery that failed for now is pending again.
ENDS = {
    DeliveryStatus.DELIVERED: metrics.DELIVERED,
    DeliveryStatus.PENDING: metrics.TRY_AGAIN,
    DeliveryStatus.FAILED: metrics.GIVEN_UP,
}

GONE = 410
# A retry comes so much earlier or later, at most: what failed together is not sent together.
JITTER = 0.1


@transaction.atomic
def record_outcome(claimed: Claimed, outcome: Answer | NotSent) -> str:
    """What came of it, in the words of `metrics`: too late for a delivery that was deleted
    meanwhile, or was taken by another sender when the lease had ended.
    """
    try:
        webhook = Webhook.objects.lock(claimed.webhook_id)
        delivery = WebhookDelivery.objects.lock(claimed.id)
    except (WebhookNotFound, DeliveryNotFound):
        return metrics.TOO_LATE
    if delivery.status != DeliveryStatus.PENDING or delivery.attempts != claimed.attempt:
        return metrics.TOO_LATE
    now = timezone.now()
    delivery.lease_expires_at = None
    delivery.response_status = outcome.status if isinstance(outcome, Answer) else None
    delivery.response_body = outcome.body if isinstance(outcome, Answer) else ""
    delivery.error = _error_of(outcome)
    if not delivery.error:
        delivery.status = DeliveryStatus.DELIVERED
        webhook.note_success(now)
    else:
        gone = delivery.response_status == GONE
        _put_off(delivery, now, given_up=gone)
        if webhook.note_failure(now, gone=gone):
            logger.warning("%s is switched off: %s", webhook.public_id, webhook.off_reason)
    delivery.save(
        update_fields=[
            "status", "retries", "due_at", "lease_expires_at", "response_status",
            "response_body", "error",
        ]
    )  # fmt: skip
    return ENDS[DeliveryStatus(delivery.status)]


def _put_off(delivery: WebhookDelivery, now: datetime, *, given_up: bool) -> None:
    if given_up or delivery.retries >= len(RETRIES):
        delivery.status = DeliveryStatus.FAILED
        return
    wait = RETRIES[delivery.retries] * random.uniform(1 - JITTER, 1 + JITTER)
    delivery.due_at = now + wait
    delivery.retries += 1


def _error_of(outcome: Answer | NotSent) -> str:
    """Nothing for a success."""
    if isinstance(outcome, NotSent):
        return str(outcome)
    if 200 <= outcome.status < 300:
        return ""
    if 300 <= outcome.status < 400:
        return "a redirect, which is not followed"
    return f"the answer was {outcome.status}"
