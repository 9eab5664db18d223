"""Admission and settlement, on the limiter alone."""

from uuid import UUID

import pytest

from s3project.ids import new_id
from users.errors import ConcurrencyLimit, CreditsExhausted, ItemLimit, RuleSlotFull
from users.models import BillingEvent, Reservation, User, UserLimiter
from users.models.limiter import UserState
from users.models.reservation import job_ref
from users.plans import PLANS
from users.tests.factories import ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db


def reserve(user: User, item_count: int, job_id: UUID | None = None) -> UUID:
    job_id = job_id or new_id()
    UserLimiter.objects.lock(user.id).reserve(job_id, item_count)
    return job_id


def release(user: User, job_id: UUID, done_items: int, total_items: int) -> int:
    return UserLimiter.objects.lock(user.id).release(job_id, done_items, total_items)


def everything_of(user: User) -> tuple[object, ...]:
    limiter = UserLimiter.objects.filter(pk=user.pk).values().get()
    reservations = list(Reservation.objects.filter(limiter_id=user.pk).order_by("pk").values())
    return limiter, reservations, ledger_of(user)


def spend(user: User, left: int) -> None:
    """Uses up credits with a finished job, until `left` are left."""
    credits = limiter_of(user).credits
    job_id = reserve(user, credits - left)
    release(user, job_id, credits - left, credits - left)


def test_a_reservation_takes_credits_and_a_slot() -> None:
    user = make_user()

    job_id = reserve(user, 3)

    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (7, 1)
    assert ledger_of(user) == [
        ("grant", 10, 10, "plan:free"),
        ("reserve", -3, 7, job_ref(job_id)),
    ]
    reservation = Reservation.objects.get(limiter=limiter)
    assert (reservation.job_id, reservation.item_count) == (job_id, 3)
    assert (reservation.released_at, reservation.outcome) == (None, "")


def test_a_second_reservation_of_a_job_is_a_no_op() -> None:
    user = make_user()
    job_id = reserve(user, 3)
    before = everything_of(user)

    reserve(user, 3, job_id)

    assert everything_of(user) == before


def test_a_reservation_of_a_settled_job_is_a_no_op() -> None:
    user = make_user()
    job_id = reserve(user, 3)
    release(user, job_id, 3, 3)
    before = everything_of(user)

    reserve(user, 3, job_id)

    assert everything_of(user) == before


def test_credits_are_checked_before_the_item_limit_and_that_before_concurrency() -> None:
    user = make_user()
    open_job = reserve(user, 1)
    before = everything_of(user)

    with pytest.raises(CreditsExhausted) as no_credits:  # 11 > 9 left, > 10 allowed, slot taken
        reserve(user, 11)
    assert everything_of(user) == before
    UserLimiter.objects.lock(user.id).grant(100)
    granted = everything_of(user)
    with pytest.raises(ItemLimit) as too_many:
        reserve(user, 11)
    with pytest.raises(ConcurrencyLimit) as too_often:
        reserve(user, 10)

    assert no_credits.value.details == {"needed": 11, "available": 9}
    assert too_many.value.details == {"plan": "free", "limit": 10}
    assert too_often.value.details == {"limit": 1, "open_jobs": [job_ref(open_job)]}
    assert everything_of(user) == granted


def test_the_last_credit_can_be_spent_and_no_more() -> None:
    user = make_user()
    spend(user, left=1)

    job_id = reserve(user, 1)
    release(user, job_id, 1, 1)

    assert limiter_of(user).credits == 0
    with pytest.raises(CreditsExhausted):
        reserve(user, 1)


@pytest.mark.parametrize(("plan", "slots"), [("free", 1), ("pro", 3)])
def test_a_plan_allows_its_number_of_unfinished_jobs(plan: str, slots: int) -> None:
    user = make_user(plan=plan)
    jobs = [reserve(user, 1) for _ in range(slots)]

    with pytest.raises(ConcurrencyLimit):
        reserve(user, 1)

    release(user, jobs[0], 1, 1)
    reserve(user, 1)
    assert limiter_of(user).active_jobs == slots


@pytest.mark.parametrize(
    ("done", "refund", "kind"), [(5, 0, "commit"), (2, 3, "commit"), (0, 5, "rollback")]
)
def test_a_release_gives_back_what_was_not_done(done: int, refund: int, kind: str) -> None:
    user = make_user()
    job_id = reserve(user, 5)

    given_back = release(user, job_id, done, 5)

    assert given_back == refund
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs) == (5 + refund, 0)
    assert ledger_of(user)[-1] == (kind, refund, 5 + refund, job_ref(job_id))
    reservation = Reservation.objects.get(pk=job_id)
    assert reservation.outcome == kind
    assert reservation.released_at is not None


def test_a_second_release_is_a_no_op() -> None:
    user = make_user()
    job_id = reserve(user, 5)
    release(user, job_id, 2, 5)
    before = everything_of(user)

    assert release(user, job_id, 2, 5) == 0
    assert release(user, job_id, 0, 5) == 0
    assert everything_of(user) == before


def test_the_release_of_an_unknown_job_is_a_no_op() -> None:
    user, other = make_user(), make_user()
    job_id = reserve(other, 5)
    before = everything_of(user), everything_of(other)

    assert release(user, new_id(), 0, 5) == 0
    assert release(user, job_id, 0, 5) == 0
    assert (everything_of(user), everything_of(other)) == before


def test_a_release_that_does_not_fit_the_reservation_is_an_error() -> None:
    user = make_user()
    job_id = reserve(user, 5)
    before = everything_of(user)

    with pytest.raises(ValueError, match="not the reserved one"):
        release(user, job_id, 0, 6)
    with pytest.raises(ValueError, match="more items done"):
        release(user, job_id, 6, 5)

    assert everything_of(user) == before


def test_the_present_plan_decides_not_the_one_of_the_first_contact() -> None:
    user = make_user(plan="pro")
    jobs = [reserve(user, 11), reserve(user, 1)]

    User.objects.filter(pk=user.pk).update(plan="free")

    with pytest.raises(ItemLimit):
        reserve(user, 11)
    with pytest.raises(ConcurrencyLimit):
        reserve(user, 1)
    assert release(user, jobs[0], 1, 11) == 10  # what runs goes on


def test_rule_slots_end_where_the_plan_says() -> None:
    user = make_user()
    limiter = UserLimiter.objects.lock(user.id)
    limiter.increment_rule_slot()
    limiter.increment_rule_slot()

    with pytest.raises(RuleSlotFull):
        limiter.increment_rule_slot()
    assert limiter_of(user).rule_slots_used == 2

    limiter.decrement_rule_slot()
    limiter.increment_rule_slot()
    assert limiter_of(user).rule_slots_used == limiter.rule_slots_used == 2


def test_the_state_of_a_user_shows_plan_credits_jobs_and_rules() -> None:
    user = make_user(plan="pro")
    reserve(user, 20)
    limiter = UserLimiter.objects.lock(user.id)
    limiter.increment_rule_slot()

    assert limiter.get_user_state() == UserState(PLANS["pro"], 180, 1, 1, 0, None)


def test_the_ledger_shows_an_operators_gift_without_a_plan() -> None:
    user = make_user()

    UserLimiter.objects.lock(user.id).grant(5)
    UserLimiter.objects.lock(user.id).grant(5)

    assert ledger_of(user)[1:] == [
        (BillingEvent.Type.GRANT, 5, 15, None),
        (BillingEvent.Type.GRANT, 5, 20, None),
    ]
