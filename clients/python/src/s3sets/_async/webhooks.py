"""Being told instead of asking. `s3sets.webhooks` verifies what arrives."""

from collections.abc import Iterable

from s3sets._async.base import AsyncBase
from s3sets._calls import Call, Page, given, query, to_json
from s3sets.shapes import DeletedWebhook, Delivery, SecretWebhook, Webhook


class AsyncWebhooks(AsyncBase):
    """What has an effect here takes no Idempotency-Key: what would happen twice is not repeated
    when its answer is lost.
    """

    async def create_webhook(
        self, url: str, *, events: Iterable[str] | None = None, description: str | None = None
    ) -> SecretWebhook:
        """Events are POSTed to the address. The secret is in this answer and never again. Raises
        LimitReached, ValidationFailed.
        """
        wanted = None if events is None else list(events)
        body = to_json(given(url=url, events=wanted, description=description))
        said: SecretWebhook = await self._data(Call("POST", "/webhooks", body))
        return said

    async def list_webhooks(self) -> list[Webhook]:
        """All of the user's."""
        said: list[Webhook] = await self._data(Call("GET", "/webhooks"))
        return said

    async def get_webhook(self, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        said: Webhook = await self._data(Call("GET", f"/webhooks/{webhook_id}"))
        return said

    async def update_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Iterable[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Replaces what is given and leaves the rest; `enabled` switches it off and on again."""
        wanted = None if events is None else list(events)
        body = to_json(given(url=url, events=wanted, description=description, enabled=enabled))
        said: Webhook = await self._data(Call("PATCH", f"/webhooks/{webhook_id}", body))
        return said

    async def delete_webhook(self, webhook_id: str) -> DeletedWebhook:
        """Nothing more is sent to it."""
        gone = {"id": webhook_id, "deleted": True}
        said: DeletedWebhook = await self._data(
            Call("DELETE", f"/webhooks/{webhook_id}", if_gone=gone)
        )
        return said

    async def rotate_webhook(self, webhook_id: str) -> SecretWebhook:
        """A new secret; the old one signs too for a day."""
        said: SecretWebhook = await self._data(Call("POST", f"/webhooks/{webhook_id}/rotate"))
        return said

    async def test_webhook(self, webhook_id: str) -> Delivery:
        """Sends a `webhook.test`. Raises WrongState when it is off."""
        said: Delivery = await self._data(Call("POST", f"/webhooks/{webhook_id}/test"))
        return said

    async def list_webhook_deliveries(
        self, webhook_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Delivery]:
        """A page of what was sent to it, newest first."""
        path = f"/webhooks/{webhook_id}/deliveries"
        return await self._page(Call("GET", path, query=query(limit=limit, cursor=cursor)))

    async def resend_webhook_delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Sends it once more, under the same `webhook-id`."""
        path = f"/webhooks/{webhook_id}/deliveries/{delivery_id}/resend"
        said: Delivery = await self._data(Call("POST", path))
        return said
