"""The headers of Standard Webhooks 1.0, symmetric: who sends, which event, and when."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from jobs.models.webhook import SECRET_PREFIX


def signed_headers(
    *, message_id: str, moment: int, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """`moment` is that of the try, in seconds since 1970. A signature by each secret."""
    said = b".".join((message_id.encode(), str(moment).encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(f"v1,{_signature(secret, said)}" for secret in secrets),
    }


def _signature(secret: str, said: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
