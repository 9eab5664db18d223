"""What operators do with accounts: refunds within what a job cost, and who counts no more."""

from uuid import UUID

import pytest
from django.db import transaction

from s3project import ids
from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.models import Act
from s3project.acts.words import ActorKind
from s3project.testing.race import names, race, race_in_turn, race_without_locks
from users import services
from users.for_operators import Refused, refund_credits, set_active
from users.models import User, UserLimiter
from users.models.reservation import job_ref
from users.tests.factories import api_of, ledger_of, limiter_of, make_user
from users.tests.operators import make_operator

pytestmark = pytest.mark.django_db

DESK = Actor(ActorKind.COMMAND, name="desk")


def refund(user: User, job_id: UUID, amount: int) -> str:
    refund_credits(user_id=user.pk, job_id=job_id, amount=amount, actor=DESK, reason="blurred")
    return "refunded"


@transaction.atomic
def settled(user: User, *, done: int, total: int) -> UUID:
    """A job that cost `done` credits, as the limiter sees it."""
    job_id = ids.new_id()
    limiter = UserLimiter.objects.lock(user.pk)
    limiter.reserve(job_id, total)
    limiter.release(job_id, done, total)
    return job_id


def test_a_refund_gives_back_what_the_job_cost_and_says_who_did_it() -> None:
    user = make_user()
    job_id = settled(user, done=3, total=4)

    refund(user, job_id, 2)

    assert ledger_of(user)[-2:] == [
        ("commit", 1, 7, job_ref(job_id)),
        ("refund", 2, 9, job_ref(job_id)),
    ]
    assert limiter_of(user).credits == 9
    act = Act.objects.get(action="credits.refunded")
    assert (act.actor_name, act.object_id, act.reason) == ("desk", user.public_id, "blurred")
    assert act.details == {"amount": 2, "balance": 9, "job": job_ref(job_id)}


def test_all_refunds_of_a_job_are_no_more_than_it_cost() -> None:
    user = make_user()
    job_id = settled(user, done=3, total=4)
    refund(user, job_id, 2)

    with pytest.raises(Refused, match="cost 1 credit that can be given back"):
        refund(user, job_id, 2)

    assert limiter_of(user).credits == 9


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_takes_nothing(amount: int) -> None:
    user = make_user()
    job_id = settled(user, done=3, total=4)

    with pytest.raises(Refused):
        refund(user, job_id, amount)

    assert limiter_of(user).credits == 7


def test_only_a_settled_job_of_the_user_is_refunded() -> None:
    user, other = make_user(), make_user()
    of_other = settled(other, done=3, total=3)
    with transaction.atomic():
        UserLimiter.objects.lock(user.pk).reserve(unfinished := ids.new_id(), 2)

    for job_id in (of_other, unfinished, ids.new_id()):
        with pytest.raises(Refused, match="no settled job of this user"):
            refund(user, job_id, 1)

    assert (limiter_of(user).credits, limiter_of(other).credits) == (8, 7)


@pytest.mark.django_db(transaction=True)
def test_two_operators_do_not_refund_a_job_twice() -> None:
    user = make_user()
    job_id = settled(user, done=3, total=3)

    outcomes = race(*[lambda: refund(user, job_id, 3)] * 4)

    assert names(outcomes) == ["Refused", "Refused", "Refused", "refunded"]
    assert limiter_of(user).credits == 10


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would() -> None:
    user = make_user()
    job_id = settled(user, done=3, total=3)

    outcomes = race_without_locks(*[lambda: refund(user, job_id, 3)] * 2)

    assert names(outcomes) == ["refunded", "refunded"]
    assert limiter_of(user).credits == 13


@pytest.mark.django_db(transaction=True)
def test_two_operators_do_not_grant_for_the_same_invoice_twice() -> None:
    user = make_user()

    def grant() -> str:
        services.grant_credits(user_id=user.pk, amount=5, ref="invoice 7")
        return "granted"

    assert names(race(grant, grant, grant)) == ["GrantedBefore", "GrantedBefore", "granted"]
    assert limiter_of(user).credits == 15


def test_a_deactivated_user_counts_no_more_until_reactivated() -> None:
    user = make_user()
    api = api_of(user)

    set_active(user_id=user.pk, active=False, actor=DESK, reason="fraud")
    assert api.get("/me").status == 401
    set_active(user_id=user.pk, active=True, actor=DESK, reason="a mistake")
    assert api.get("/me").status == 200

    acts = Act.objects.exclude(reason="").order_by("id").values_list("action", "reason")
    assert list(acts) == [("user.deactivated", "fraud"), ("user.reactivated", "a mistake")]


@pytest.mark.parametrize("active", [True, False])
def test_nothing_changes_where_it_is_so_already_or_the_account_is_gone(active: bool) -> None:
    user, gone, operator = make_user(), make_user(), make_operator()
    if not active:
        set_active(user_id=user.pk, active=False, actor=DESK, reason="fraud")
    services.delete_user(user_id=gone.pk, actor=SYSTEM, reason="asked for by mail")
    before = Act.objects.count()

    for one in (user, gone):
        with pytest.raises(Refused):
            set_active(user_id=one.pk, active=active, actor=DESK, reason="again")
    with pytest.raises(UserLimiter.DoesNotExist):
        set_active(user_id=operator.pk, active=active, actor=DESK, reason="an operator")

    assert Act.objects.count() == before
    assert Act.objects.get(action="user.deleted").reason == "asked for by mail"


@pytest.mark.django_db(transaction=True)
def test_no_job_begins_after_its_user_was_deactivated() -> None:
    user = make_user()

    def deactivate() -> str:
        set_active(user_id=user.pk, active=False, actor=DESK, reason="fraud")
        return "deactivated"

    @transaction.atomic
    def create() -> str:
        UserLimiter.objects.lock(user.pk).reserve(ids.new_id(), 1)
        return "created"

    assert names(race_in_turn(deactivate, create)) == ["TokenInvalid", "deactivated"]
    assert limiter_of(user).credits == 10


def test_what_a_job_cost_does_not_come_from_another_job_of_the_user() -> None:
    user = make_user()
    job_id = settled(user, done=0, total=2)
    settled(user, done=3, total=3)

    with pytest.raises(Refused, match="cost no credits that can be given back"):
        refund(user, job_id, 1)
