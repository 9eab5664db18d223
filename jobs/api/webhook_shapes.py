"""What the endpoints of webhooks answer, and how it is made."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict

from django.utils import timezone

from jobs.api.terms import Idx
from jobs.events import EVENTS, TEST_EVENT
from jobs.models import Webhook, WebhookDelivery
from jobs.models.webhook import MAX_DESCRIPTION, MAX_URL, MAX_WEBHOOKS, OffReason
from jobs.models.webhook_delivery import MAX_BODY, DeliveryStatus
from s3project import ids
from s3project.api.envelope import Timestamp, timestamp
from s3project.ids import DeliveryId, JobId, WebhookId
from s3project.schema import Schema

_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD6y3q1g7Ol0s="  # noqa: S105 (it is an example)


def _moment(moment: datetime | None) -> Timestamp | None:
    return timestamp(moment) if moment else None


class WebhookOut(TypedDict):
    id: WebhookId
    url: Annotated[
        str, Schema(format="uri", maxLength=MAX_URL, example="https://shop.example.com/hooks/s3")
    ]
    events: Annotated[
        list[Annotated[str, Schema(enum=list(EVENTS))]],
        Schema(minItems=1, example=["job.done", "job.failed", "job.canceled"]),
    ]
    description: Annotated[str, Schema(maxLength=MAX_DESCRIPTION, example="orders")]
    enabled: Annotated[bool, Schema(example=True)]
    off_reason: Annotated[
        str | None,
        Schema(
            "Why it is off: its owner said so, it answered 410, or nothing succeeded for five "
            "days. Null while it is on.",
            enum=[*OffReason.values, None],
            example=None,
        ),
    ]
    failing_since: Annotated[
        Timestamp | None, Schema("Null when the last try succeeded.", example=None)
    ]
    last_success_at: Annotated[Timestamp | None, Schema(example=None)]
    old_secret_until: Annotated[
        Timestamp | None,
        Schema("While it lasts, the secret before the last rotation signs too.", example=None),
    ]
    created_at: Timestamp
    updated_at: Timestamp


Webhooks = Annotated[list[WebhookOut], Schema(maxItems=MAX_WEBHOOKS)]


def webhook_out(webhook: Webhook) -> WebhookOut:
    until = webhook.old_secret_until
    return {
        "id": webhook.public_id,
        "url": webhook.url,
        "events": webhook.events,
        "description": webhook.description,
        "enabled": webhook.enabled,
        "off_reason": webhook.off_reason or None,
        "failing_since": _moment(webhook.failing_since),
        "last_success_at": _moment(webhook.last_success_at),
        "old_secret_until": _moment(until if until and until > timezone.now() else None),
        "created_at": timestamp(webhook.created_at),
        "updated_at": timestamp(webhook.updated_at),
    }


class SecretWebhookOut(WebhookOut):
    secret: Annotated[
        str,
        Schema(
            "Shown once: what deliveries are signed with.",
            pattern="^whsec_[A-Za-z0-9+/]{43}=$",
            example=_SECRET,
        ),
    ]


def secret_webhook_out(webhook: Webhook) -> SecretWebhookOut:
    return {**webhook_out(webhook), "secret": webhook.secret}


class DeletedWebhookOut(TypedDict):
    id: WebhookId
    deleted: Literal[True]


def deleted_webhook_out(webhook_id: WebhookId) -> DeletedWebhookOut:
    return {"id": webhook_id, "deleted": True}


class DeliveryOut(TypedDict):
    id: Annotated[DeliveryId, Schema("The `webhook-id` of every try.")]
    type: Annotated[str, Schema(enum=[*EVENTS, TEST_EVENT], example="job.done")]
    job_id: Annotated[JobId | None, Schema("Null for a test.")]
    idx: Annotated[Idx | None, Schema("Of the photo, where it is about one.", example=None)]
    status: Annotated[
        str,
        Schema(
            "`failed` is given up; until then it is tried again.",
            enum=DeliveryStatus.values,
            example="delivered",
        ),
    ]
    attempts: Annotated[int, Schema(minimum=0, example=1)]
    last_try_at: Annotated[Timestamp | None, Schema(example="2026-02-26T08:01:12.000Z")]
    next_try_at: Annotated[
        Timestamp | None,
        Schema("Null when there is none, or while the webhook is off.", example=None),
    ]
    response_status: Annotated[
        int | None, Schema("Of the last try; null where none came.", example=204)
    ]
    response_body: Annotated[str, Schema("How it begins.", maxLength=MAX_BODY, example="")]
    error: Annotated[str | None, Schema("Why the last try failed.", maxLength=200, example=None)]
    created_at: Timestamp


def delivery_out(delivery: WebhookDelivery) -> DeliveryOut:
    is_due = delivery.status == DeliveryStatus.PENDING and delivery.webhook.enabled
    return {
        "id": delivery.public_id,
        "type": delivery.type,
        "job_id": ids.public_id(ids.JOB, delivery.job_id) if delivery.job_id else None,
        "idx": delivery.idx,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "last_try_at": _moment(delivery.last_try_at),
        "next_try_at": _moment(delivery.due_at if is_due else None),
        "response_status": delivery.response_status,
        "response_body": delivery.response_body,
        "error": delivery.error or None,
        "created_at": timestamp(delivery.created_at),
    }
