"""The kit of the race tests: an order that is asked for is the order that happens."""

from functools import partial

import pytest
from django.db import transaction

from s3project.testing.race import race_in_turn
from users.models import User, UserLimiter
from users.tests.factories import limiter_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def grant(user: User, amount: int) -> int:
    """Returns the balance that it found."""
    limiter = UserLimiter.objects.lock(user.pk)
    found = limiter.credits
    limiter.grant(amount)
    return found


def look(user: User) -> int:
    """Waits for nobody."""
    return limiter_of(user).credits


def test_the_second_waits_for_the_first_and_sees_what_it_did() -> None:
    user = make_user()

    assert race_in_turn(partial(grant, user, 1), partial(grant, user, 2)) == [10, 11]
    assert limiter_of(user).credits == 13


def test_a_second_that_waits_for_no_lock_is_done_before_the_first_goes_on() -> None:
    user = make_user()

    assert race_in_turn(partial(grant, user, 5), partial(look, user)) == [10, 10]


def test_a_first_that_takes_no_lock_is_over_before_the_second_begins() -> None:
    user = make_user()

    assert race_in_turn(partial(look, user), partial(grant, user, 5)) == [10, 10]


def test_what_one_of_them_raises_is_its_outcome() -> None:
    user = make_user()

    def fail() -> int:
        raise ValueError("no")

    first, second = race_in_turn(partial(grant, user, 5), fail)
    assert (first, type(second)) == (10, ValueError)
    first, second = race_in_turn(fail, partial(grant, user, 5))
    assert (type(first), second) == (ValueError, 15)
