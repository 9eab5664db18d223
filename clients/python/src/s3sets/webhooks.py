"""Verifies what a webhook receives (Standard Webhooks, symmetric secrets)."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from s3sets.errors import NotVerified
from s3sets.shapes import Job

TOLERANCE = 300.0  # seconds between the sender's clock and ours
PREFIX = "whsec_"


class WebhookEvent(TypedDict):
    """What happened, and the job as it was when this was sent; a `webhook.test` has no job."""

    type: Literal[
        "job.done",
        "job.failed",
        "job.canceled",
        "item.done",
        "item.failed",
        "package.ready",
        "package.failed",
        "webhook.test",
    ]
    timestamp: str
    data: Job
    idx: NotRequired[int]


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
) -> WebhookEvent:
    """The event, if it was signed with this secret within the last five minutes.

    `body` is what came, before anything has parsed it. Remember the `webhook-id` header of events
    that you have handled: each may come more than once. Raises NotVerified, and ValueError of a
    secret that is none.
    """
    said = {name.lower(): value for name, value in headers.items()}
    try:
        event_id, sent, signatures = (
            said[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
        )
        at = int(sent)
    except (KeyError, ValueError):
        raise NotVerified("The headers of a webhook are missing.") from None
    if abs((time.time() if now is None else now) - at) > TOLERANCE:
        raise NotVerified("It was signed too long ago, or the clocks differ.")
    signed = b"%b.%d.%b" % (event_id.encode(), at, body)
    expected = base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256))
    for signature in signatures.split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(expected, value.encode()):
            event: WebhookEvent = json.loads(body)
            return event
    raise NotVerified("The signature is not of this secret.")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("A webhook's secret is whsec_ and base64.") from None
