"""Creating jobs at the same instant, and what would happen without the limiter's lock."""

from collections.abc import Callable

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.tests.rows import assert_books_balance
from s3project.testing.race import names, race, race_without_locks
from users.models import User
from users.services import set_plan
from users.tests.factories import ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def creation(user: User, *, item_count: int) -> Callable[[], str]:
    def create() -> str:
        services.create_job(user_id=user.id, preset="interior", item_count=item_count)
        return "created"

    return create


def test_of_two_jobs_at_a_limit_of_one_the_second_is_refused() -> None:
    user = make_user()

    outcomes = names(race(*[creation(user, item_count=3)] * 2))

    assert outcomes == ["ConcurrencyLimit", "created"]
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (7, 1)
    assert_books_balance(user)


def test_control_without_the_lock_two_jobs_pass_a_limit_of_one() -> None:
    user = make_user()

    outcomes = names(race_without_locks(*[creation(user, item_count=3)] * 2))

    assert outcomes == ["created", "created"]
    assert limiter_of(user).active_jobs == 2
    # Both events were computed from the same balance.
    assert [balance for _, _, balance, _ in ledger_of(user)] == [10, 7, 7]


def test_of_three_jobs_over_the_credits_the_third_is_refused() -> None:
    user = make_user(plan="pro")

    outcomes = names(race(*[creation(user, item_count=80)] * 3))

    assert outcomes == ["CreditsExhausted", "created", "created"]
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (40, 2)
    assert JobCoordinator.objects.filter(user=user).count() == 2
    assert_books_balance(user)


def test_control_without_the_lock_only_the_check_constraint_saves_the_credits() -> None:
    user = make_user(plan="pro")

    outcomes = names(race_without_locks(*[creation(user, item_count=80)] * 3))

    # The third passed the check of its credits and broke on `limiter_credits_gte_0`.
    assert outcomes == ["IntegrityError", "created", "created"]
    assert limiter_of(user).credits == 40


def test_a_plan_reached_five_times_at_once_grants_once() -> None:
    user = make_user()

    granted = race(*[lambda: set_plan(user_id=user.id, plan="pro")] * 5)

    assert sorted(map(str, granted)) == ["0", "0", "0", "0", "190"]
    assert limiter_of(user).credits == 200
    assert_books_balance(user)
