"""The public API of webhooks: parse, call one function, answer."""

from uuid import UUID

from rest_framework.request import Request

from jobs.api.throttles import WebhookTestThrottle
from jobs.api.webhook_requests import CreateWebhookIn, UpdateWebhookIn
from jobs.api.webhook_shapes import (
    DeletedWebhookOut,
    DeliveryOut,
    SecretWebhookOut,
    WebhookOut,
    Webhooks,
    deleted_webhook_out,
    delivery_out,
    secret_webhook_out,
    webhook_out,
)
from jobs.delivery.dispatch import dispatch_webhooks
from jobs.errors import DeliveryNotFound, WebhookLimit, WebhookNotFound, WebhookOff
from jobs.webhooks import endpoints
from s3project import ids
from s3project.acts.actor import Actor
from s3project.api.answers import NO_STORE, Accepted, Answer, Created
from s3project.api.operation import Operation
from s3project.api.pagination import PageAnswer, page_request
from s3project.api.views import ApiViewSet, parse
from s3project.errors import ValidationFailed
from s3project.ids import DeliveryId, WebhookId
from users.api.auth import current_user

CREATE_WEBHOOK_IN = CreateWebhookIn()
UPDATE_WEBHOOK_IN = UpdateWebhookIn()


class WebhookViewSet(ApiViewSet):
    """A user's webhooks. Somebody else's is answered like one that does not exist."""

    tag = "Webhooks"
    limited = dict.fromkeys(("test", "resend"), WebhookTestThrottle)

    @Operation(
        "create_webhook",
        body=CREATE_WEBHOOK_IN,
        body_examples={
            "jobs": {"url": "https://shop.example.com/hooks/s3"},
            "photos too": {
                "url": "https://shop.example.com/hooks/s3",
                "events": ["job.done", "job.failed", "job.canceled", "item.done", "item.failed"],
                "description": "orders",
            },
        },
        headers=["Cache-Control"],
        errors=[WebhookLimit],
    )
    def create(self, request: Request) -> Created[SecretWebhookOut]:
        """Be told when something happens

        `secret` is shown once. Events are POSTed to `url` and signed as Standard Webhooks says,
        so that its libraries can verify them. Without `events`: that a job is done, has failed or
        was canceled, and that a package is ready or has failed. Any 2xx within ten seconds is a
        success; whatever else comes is tried again for three days.
        """
        user = current_user(request)
        args = parse(CREATE_WEBHOOK_IN, request)
        actor = Actor.user(request._request, user.id)
        webhook = endpoints.create_webhook(user_id=user.id, actor=actor, **args)
        return Created(secret_webhook_out(webhook), headers=NO_STORE)

    @Operation("list_webhooks")
    def list(self, request: Request) -> Answer[Webhooks]:
        """Your webhooks, newest first"""
        rows = endpoints.list_webhooks(user_id=current_user(request).id)
        return Answer([webhook_out(row) for row in rows])

    @Operation("get_webhook", errors=[WebhookNotFound])
    def retrieve(self, request: Request, webhook_id: WebhookId) -> Answer[WebhookOut]:
        """One webhook, and whether it works"""
        user_id, key = _whose(request, webhook_id)
        return Answer(webhook_out(endpoints.get_webhook(user_id=user_id, webhook_id=key)))

    @Operation(
        "update_webhook",
        body=UPDATE_WEBHOOK_IN,
        body_examples={
            "address": {"url": "https://shop.example.com/hooks/new"},
            "on again": {"enabled": True},
        },
        errors=[WebhookNotFound],
    )
    def update(self, request: Request, webhook_id: WebhookId) -> Answer[WebhookOut]:
        """Change what is given, keep the rest

        While a webhook is off nothing is written for it. What waited when it was switched off is
        sent when it is on again.
        """
        user_id, key = _whose(request, webhook_id)
        try:
            args = parse(UPDATE_WEBHOOK_IN, request)
        except ValidationFailed:
            # One that does not exist outranks a body that is wrong (contract §3.1).
            endpoints.get_webhook(user_id=user_id, webhook_id=key)
            raise
        actor = Actor.user(request._request, user_id)
        webhook = endpoints.update_webhook(user_id=user_id, webhook_id=key, actor=actor, **args)
        return Answer(webhook_out(webhook))

    @Operation("delete_webhook", errors=[WebhookNotFound])
    def destroy(self, request: Request, webhook_id: WebhookId) -> Answer[DeletedWebhookOut]:
        """Delete a webhook, with its log"""
        user_id, key = _whose(request, webhook_id)
        actor = Actor.user(request._request, user_id)
        endpoints.delete_webhook(user_id=user_id, webhook_id=key, actor=actor)
        return Answer(deleted_webhook_out(webhook_id))

    @Operation("rotate_webhook", headers=["Cache-Control"], errors=[WebhookNotFound])
    def rotate(self, request: Request, webhook_id: WebhookId) -> Answer[SecretWebhookOut]:
        """Replace its secret

        The new one is shown once. For 24 hours every delivery is signed with both. A body is
        ignored.
        """
        user_id, key = _whose(request, webhook_id)
        actor = Actor.user(request._request, user_id)
        webhook = endpoints.rotate_webhook(user_id=user_id, webhook_id=key, actor=actor)
        return Answer(secret_webhook_out(webhook), headers=NO_STORE)

    @Operation(
        "test_webhook", errors=[WebhookNotFound, WebhookOff], result="The event is on its way."
    )
    def test(self, request: Request, webhook_id: WebhookId) -> Accepted[DeliveryOut]:
        """Send an event that is only a test

        Its type is `webhook.test`. What came of it is in the deliveries. A body is ignored.
        """
        user_id, key = _whose(request, webhook_id)
        delivery = endpoints.send_test(user_id=user_id, webhook_id=key)
        dispatch_webhooks()
        return Accepted(delivery_out(delivery))

    @Operation("list_webhook_deliveries", errors=[WebhookNotFound])
    def deliveries(self, request: Request, webhook_id: WebhookId) -> PageAnswer[DeliveryOut]:
        """What was sent, and what came of it, newest first

        Kept for two weeks, unless this installation says otherwise.
        """
        user_id, key = _whose(request, webhook_id)
        page = endpoints.list_deliveries(
            user_id=user_id, webhook_id=key, page=page_request(request)
        )
        return PageAnswer(page, delivery_out)

    @Operation(
        "resend_webhook_delivery",
        errors=[WebhookNotFound, DeliveryNotFound, WebhookOff],
        result="The event is on its way again.",
    )
    def resend(
        self, request: Request, webhook_id: WebhookId, delivery_id: DeliveryId
    ) -> Accepted[DeliveryOut]:
        """Send an event again, whatever became of it

        It keeps its `webhook-id`. A body is ignored.
        """
        user_id, key = _whose(request, webhook_id)
        delivery = endpoints.resend_delivery(
            user_id=user_id,
            webhook_id=key,
            delivery_id=ids.parse_public_id(ids.DELIVERY, delivery_id),
        )
        dispatch_webhooks()
        return Accepted(delivery_out(delivery))


def _whose(request: Request, webhook_id: str) -> tuple[UUID, UUID | None]:
    return current_user(request).id, ids.parse_public_id(ids.WEBHOOK, webhook_id)
