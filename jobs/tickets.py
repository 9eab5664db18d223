"""What opens the events of one job without a header: a ticket in the address (contract §3.6).

Browsers send no header with EventSource. `et_<payload>.<mac>`: the job, who watches, and until
when, as 53 bytes, and an HMAC-SHA256 over them, both in URL-safe base64. It is worth what the
credential is worth that it was made with: the session or the key is named, so that their end is
its end too.
"""

import hmac
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

PREFIX = "et_"
LIFETIME = 3600  # seconds
# Job, user, kind of the credential, its id, the expiry.
_LAYOUT = struct.Struct("!16s16sc16sI")
_USER, _SESSION, _KEY = b"u", b"s", b"k"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may watch `job_id`, and by which session or API key they came; neither for a token that
    no sign-in issued."""

    job_id: UUID
    user_id: UUID
    session_id: UUID | None
    key_id: UUID | None
    expires_at: int

    @property
    def has_expired(self) -> bool:
        return self.expires_at < time.time()

    def to_text(self, keys: Sequence[str]) -> str:
        """The first key signs."""
        kind, source = _USER, bytes(16)
        if self.session_id is not None:
            kind, source = _SESSION, self.session_id.bytes
        elif self.key_id is not None:
            kind, source = _KEY, self.key_id.bytes
        payload = _encoded(
            _LAYOUT.pack(self.job_id.bytes, self.user_id.bytes, kind, source, self.expires_at)
        )
        return f"{PREFIX}{payload}.{_mac(payload, keys[0])}"


def read_ticket(text: str, *, keys: Sequence[str]) -> Ticket | None:
    """None for a text that no key of ours signed. An expired ticket is returned as such."""
    payload, _, mac = text.removeprefix(PREFIX).partition(".")
    given = mac.encode("utf-8", "surrogatepass")
    accepted = False
    for key in keys:
        accepted |= hmac.compare_digest(given, _mac(payload, key).encode())
    if not accepted or not text.startswith(PREFIX):
        return None
    try:
        facts = _LAYOUT.unpack(urlsafe_b64decode(payload + "=="))
    except (NoBase64, struct.error):
        return None
    job, user, kind, source, expires_at = facts
    return Ticket(
        job_id=UUID(bytes=job),
        user_id=UUID(bytes=user),
        session_id=UUID(bytes=source) if kind == _SESSION else None,
        key_id=UUID(bytes=source) if kind == _KEY else None,
        expires_at=expires_at,
    )


def _mac(payload: str, key: str) -> str:
    message = payload.encode("utf-8", "surrogatepass")
    return _encoded(hmac.digest(key.encode(), message, "sha256"))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
