from users.models.api_key import ApiKey
from users.models.idempotency import IdempotentRequest
from users.models.invite import Invite
from users.models.ledger import BillingEvent
from users.models.limiter import UserLimiter, UserState
from users.models.reservation import Reservation
from users.models.session import REFRESH_PREFIX, Session, SpentRefreshToken, refresh_digest
from users.models.signed_in import SIGNED_IN, SignedIn
from users.models.user import User

__all__ = [
    "REFRESH_PREFIX",
    "SIGNED_IN",
    "ApiKey",
    "BillingEvent",
    "IdempotentRequest",
    "Invite",
    "Reservation",
    "Session",
    "SignedIn",
    "SpentRefreshToken",
    "User",
    "UserLimiter",
    "UserState",
    "refresh_digest",
]
