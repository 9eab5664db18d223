"""Who the client is: an API key, a device, or a user of this process only."""

import hashlib
from dataclasses import dataclass

SHORTEST_DEVICE = 32


@dataclass(slots=True)
class Session:
    """A key is sent as it is; a device signs in when it has to, and again when its token ends."""

    api_key: str | None = None
    device: str | None = None
    token: str | None = None
    refresh: str | None = None
    was_let_in: bool = False  # the bearer was good before

    def __post_init__(self) -> None:
        if self.api_key and self.device:
            raise ValueError("Either an API key or a device, not both.")
        if self.device is not None and len(self.device) < SHORTEST_DEVICE:
            raise ValueError(f"A device secret has at least {SHORTEST_DEVICE} characters.")

    @property
    def bearer(self) -> str | None:
        return self.api_key or self.token

    @property
    def can_renew(self) -> bool:
        return self.api_key is None and bool(self.device or self.refresh)

    @property
    def mark(self) -> str | None:
        """What tells this user from others on this machine, and tells nobody the secret. None for
        a user who cannot come again.
        """
        secret = self.api_key or self.device
        return hashlib.sha256(secret.encode()).hexdigest()[:16] if secret else None
