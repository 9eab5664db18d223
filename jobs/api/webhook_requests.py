"""The bodies that webhooks take. They check shape and never save."""

from typing import Literal

from django.conf import settings
from rest_framework import serializers

from jobs.events import EVENTS
from jobs.models.webhook import MAX_DESCRIPTION, MAX_URL
from jobs.webhooks.target import BadTarget, read_target
from s3project.api.fields import Array, Choice, Flag, Object, Text

Event = Literal[
    "job.done",
    "job.failed",
    "job.canceled",
    "package.ready",
    "package.failed",
    "item.done",
    "item.failed",
]


class Url(Text):
    """An address that may be sent to, as far as it can be told without asking for it."""

    def to_internal_value(self, data: str) -> str:
        url = super().to_internal_value(data)
        try:
            read_target(
                url,
                allow_http=settings.WEBHOOK_ALLOW_HTTP,
                allowed=settings.WEBHOOK_ALLOW_NETWORKS,
            )
        except BadTarget as error:
            raise serializers.ValidationError([error.args[0]]) from None
        return url


class Events(Array):
    def to_internal_value(self, data: object) -> list[str]:
        """In the order of EVENTS, each once."""
        named = super().to_internal_value(data)
        return [event for event in EVENTS if event in named]


def _events() -> Events:
    return Events(child=Choice(Event), required=False, min_length=1, max_length=2 * len(EVENTS))


def _description() -> Text:
    return Text(required=False, allow_blank=True, max_length=MAX_DESCRIPTION)


class CreateWebhookIn(Object):
    url = Url(max_length=MAX_URL)
    events = _events()
    description = _description()


class UpdateWebhookIn(Object):
    url = Url(max_length=MAX_URL, required=False)
    events = _events()
    description = _description()
    enabled = Flag(required=False)
