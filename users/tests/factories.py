"""Users for tests, made by the services that make them in life."""

from s3project.testing.api import Api
from users import services
from users.api.auth import issue_token
from users.models import BillingEvent, User, UserLimiter


def make_user(*, plan: str = "free") -> User:
    """A user who has just signed up, with the credits of the plan."""
    user = services.sign_up_anonymously().user
    if plan != user.plan:
        services.set_plan(user_id=user.id, plan=plan)
        user.refresh_from_db()
    return user


def api_of(user: User) -> Api:
    return Api(issue_token(user))


def limiter_of(user: User) -> UserLimiter:
    """As the database has it now."""
    return UserLimiter.objects.get(pk=user.pk)


def ledger_of(user: User) -> list[tuple[str, int, int, str | None]]:
    """(type, amount, balance_after, ref) of the user's billing events, oldest first."""
    events = BillingEvent.objects.filter(user=user).order_by("id")
    return list(events.values_list("type", "amount", "balance_after", "ref"))
