"""What happens to users: each function is one transaction."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from users.models import BillingEvent, User, UserLimiter
from users.plans import DEFAULT_PLAN, PLANS

# Below this a device hash could be guessed, and guessing it would be a login.
MIN_DEVICE_HASH_LENGTH = 32


@dataclass(frozen=True)
class SignUp:
    user: User
    is_new: bool


def sign_up_anonymously(*, device_hash: str | None = None) -> SignUp:
    """A new user with the credits of the first plan, or the one who has this device's secret.

    A device hash that is too short to be a secret is ignored.
    """
    digest = None
    if device_hash is not None and len(device_hash) >= MIN_DEVICE_HASH_LENGTH:
        digest = hashlib.sha256(device_hash.encode()).hexdigest()
    with transaction.atomic():
        if digest is None:
            user, is_new = User.objects.create(**_anonymous()), True
        else:
            # Atomic by the unique constraint: of two at once, the second gets the first's row.
            user, is_new = User.objects.get_or_create(device_hash=digest, defaults=_anonymous())
        if is_new:
            credits = PLANS[DEFAULT_PLAN].initial_credits
            UserLimiter.objects.create(user=user, credits=credits)
            BillingEvent.objects.create(
                user=user,
                type=BillingEvent.Type.GRANT,
                amount=credits,
                balance_after=credits,
                ref=f"plan:{DEFAULT_PLAN}",
            )
    return SignUp(user, is_new)


def _anonymous() -> dict[str, str]:
    # "!" is Django's mark of a password that no one can log in with.
    return {"password": "!", "plan": DEFAULT_PLAN}


@transaction.atomic
def set_plan(*, user_id: UUID, plan: str) -> int:
    """Moves a user to another plan; returns the credits that came with it.

    Reaching a plan for the first time grants the difference of initial credits; a later change
    grants nothing. Existing rules and jobs stay (contract §1.2). Raises KeyError for an unknown
    plan, UserLimiter.DoesNotExist for an unknown user.
    """
    limiter = UserLimiter.objects.lock(user_id)
    limiter.user.plan = PLANS[plan].name
    limiter.user.save(update_fields=["plan"])
    return limiter.grant_plan(PLANS[plan])


@transaction.atomic
def grant_credits(*, user_id: UUID, amount: int) -> int:
    """An operator's gift of credits; returns the new balance."""
    limiter = UserLimiter.objects.lock(user_id)
    limiter.grant(amount)
    return limiter.credits
