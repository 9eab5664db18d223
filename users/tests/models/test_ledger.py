"""What the database refuses to write into the ledger and the balances."""

import pytest
from django.db import IntegrityError, connection, transaction

from s3project.ids import new_id
from users.models import BillingEvent, Reservation, User, UserLimiter
from users.models.ledger import of_jobs
from users.models.reservation import job_ref
from users.tests.factories import ledger_of, make_user

pytestmark = pytest.mark.django_db


def post(user: User, kind: str, amount: int, ref: str | None, balance_after: int = 1) -> None:
    """A ledger row past all code of ours."""
    with transaction.atomic():
        BillingEvent.objects.create(
            user=user, type=kind, amount=amount, ref=ref, balance_after=balance_after
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_events SET amount = 1000",
        "UPDATE billing_events SET ref = NULL WHERE false",
        "DELETE FROM billing_events",
        "DELETE FROM billing_events WHERE false",
    ],
)
def test_the_ledger_is_append_only(statement: str) -> None:
    user = make_user()
    before = ledger_of(user)

    with (
        pytest.raises(IntegrityError, match="billing_events is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert ledger_of(user) == before == [("grant", 10, 10, "plan:free")]


def test_the_models_cannot_change_the_ledger_either() -> None:
    event = BillingEvent.objects.get(user=make_user())

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        BillingEvent.objects.filter(pk=event.pk).update(amount=1000)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        event.delete()


def test_a_user_with_a_ledger_cannot_be_deleted_by_sql() -> None:
    make_user()

    with (
        pytest.raises(IntegrityError, match="billing_events_user_id"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE;"
            " DELETE FROM users_session; DELETE FROM users_userlimiter;"  # which hold it too
            " DELETE FROM users_user"
        )


def test_a_job_cannot_be_reserved_twice() -> None:
    user, job_id = make_user(), new_id()
    UserLimiter.objects.lock(user.id).reserve(job_id, 1)

    with pytest.raises(IntegrityError, match='"billing_one_reserve_per_job"'):
        post(user, "reserve", -1, job_ref(job_id))
    with pytest.raises(IntegrityError, match='"users_reservation_pkey"'), transaction.atomic():
        Reservation.objects.create(job_id=job_id, limiter_id=user.pk, item_count=1)


@pytest.mark.parametrize("first", ["commit", "rollback"])
@pytest.mark.parametrize("second", ["commit", "rollback"])
def test_a_job_cannot_be_settled_twice(first: str, second: str) -> None:
    user, ref = make_user(), job_ref(new_id())
    post(user, first, 1, ref)

    with pytest.raises(IntegrityError, match='"billing_one_settlement_per_job"'):
        post(user, second, 1, ref)


def test_a_plan_cannot_grant_twice() -> None:
    user, other = make_user(), make_user()

    with pytest.raises(IntegrityError, match='"billing_one_grant_per_plan"'):
        post(user, "grant", 10, "plan:free")

    post(user, "grant", 190, "plan:pro")
    post(other, "grant", 190, "plan:pro")


@pytest.mark.parametrize(
    ("kind", "amount", "ref"),
    [
        ("grant", 0, None),
        ("grant", -1, None),
        ("reserve", 0, "job_x"),
        ("reserve", 1, "job_x"),
        ("reserve", -1, None),
        ("commit", -1, "job_x"),
        ("commit", 0, None),
        ("rollback", -1, "job_x"),
        ("gift", 1, None),
    ],
)
def test_an_amount_that_does_not_fit_its_type_is_refused(
    kind: str, amount: int, ref: str | None
) -> None:
    user = make_user()

    with pytest.raises(IntegrityError, match='"billing_amount_fits_type"'):
        post(user, kind, amount, ref)


def test_no_balance_is_ever_negative() -> None:
    user = make_user()

    with pytest.raises(IntegrityError, match='"billing_balance_gte_0"'):
        post(user, "refund", -11, None, balance_after=-1)
    for column, name in (
        ("credits", "limiter_credits_gte_0"),
        ("active_jobs", "limiter_jobs_gte_0"),
        ("rule_slots_used", "limiter_rules_gte_0"),
    ):
        with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
            UserLimiter.objects.filter(pk=user.pk).update(**{column: -1})


@pytest.mark.parametrize("outcome", ["", "refund"])
def test_a_released_reservation_names_its_outcome(outcome: str) -> None:
    user, job_id = make_user(), new_id()
    limiter = UserLimiter.objects.lock(user.id)
    limiter.reserve(job_id, 1)
    limiter.release(job_id, 1, 1)

    with (
        pytest.raises(IntegrityError, match='"reservation_outcome_iff_released"'),
        transaction.atomic(),
    ):
        Reservation.objects.filter(pk=job_id).update(outcome=outcome)


def test_what_belongs_to_a_job_is_found_by_the_index_of_each_kind() -> None:
    job = new_id()
    found, parameters = BillingEvent.objects.filter(of_jobs(job, job)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Of few rows all of a type are read as cheaply.
        cursor.execute("DROP INDEX billing_type")
        cursor.execute(f"EXPLAIN {found}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    for index in (
        "billing_one_reserve_per_job",
        "billing_one_settlement_per_job",
        "billing_refund_of_job",
    ):
        assert index in plan, plan
