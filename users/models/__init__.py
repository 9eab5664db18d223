from users.models.api_key import ApiKey
from users.models.idempotency import IdempotentRequest
from users.models.ledger import BillingEvent
from users.models.limiter import Reservation, UserLimiter, UserState
from users.models.session import Session, SpentRefreshToken, refresh_digest
from users.models.user import User

__all__ = [
    "ApiKey",
    "BillingEvent",
    "IdempotentRequest",
    "Reservation",
    "Session",
    "SpentRefreshToken",
    "User",
    "UserLimiter",
    "UserState",
    "refresh_digest",
]
