"""The rows of a new user, written in one statement: anybody may sign up, as often as the limits
allow.
"""

from s3project.rows import execute, rows_of
from users.models.ledger import BillingEvent
from users.models.limiter import LIMITERS, UserLimiter
from users.models.user import USERS, User
from users.plans import PLANS

EVENTS = rows_of(BillingEvent)

# Foreign keys are checked at the end of the transaction, whatever the order.
NEW_USER = f"""
    WITH owner AS (
        {USERS.insert_into} VALUES ({USERS.placeholders})
    ), limiter AS (
        {LIMITERS.insert_into} VALUES ({LIMITERS.placeholders})
    )
    {EVENTS.insert_into} VALUES ({EVENTS.placeholders})
"""


def store_new_user(plan: str, device_hash: str | None) -> User:
    """An anonymous user with the credits of a plan, and the ledger's row of them.

    Raises IntegrityError where the device has a user.
    """
    user = User(
        password="!",  # noqa: S106 (Django's mark of one that no one can log in with)
        plan=plan,
        device_hash=device_hash,
    )
    credits = PLANS[plan].initial_credits
    limiter = UserLimiter(user_id=user.pk, credits=credits, stored_bytes=0)
    event = BillingEvent(
        user_id=user.pk,
        type=BillingEvent.Type.GRANT,
        amount=credits,
        balance_after=credits,
        ref=f"plan:{plan}",
    )
    execute(NEW_USER, [*USERS.values(user), *LIMITERS.values(limiter), *EVENTS.values(event)])
    USERS.stored(user)
    return user
