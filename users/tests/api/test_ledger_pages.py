"""GET /me/ledger: the billing events of a user, newest first."""

import pytest

from s3project import ids
from s3project.api.envelope import timestamp
from s3project.testing.api import Api
from s3project.testing.sql import recorded_statements
from users.models import BillingEvent, UserLimiter
from users.models.reservation import job_ref
from users.services import set_plan
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def test_the_ledger_shows_every_event_newest_first() -> None:
    user = make_user()
    job_id = ids.new_id()
    limiter = UserLimiter.objects.lock(user.id)
    limiter.reserve(job_id, 4)
    limiter.release(job_id, 3, 4)
    set_plan(user_id=user.id, plan="pro")

    answer = api_of(user).get("/me/ledger")

    events = list(BillingEvent.objects.filter(user=user).order_by("-created_at"))
    assert answer.data == [
        {
            "id": "event_" + event.id.hex,
            "type": kind,
            "amount": amount,
            "balance_after": balance,
            "ref": ref,
            "created_at": timestamp(event.created_at),
        }
        for event, (kind, amount, balance, ref) in zip(
            events,
            [
                ("grant", 190, 197, "plan:pro"),
                ("commit", 1, 7, job_ref(job_id)),
                ("reserve", -4, 6, job_ref(job_id)),
                ("grant", 10, 10, "plan:free"),
            ],
            strict=True,
        )
    ]
    assert answer.envelope["meta"]["next_cursor"] is None


def test_an_operators_correction_belongs_to_nothing() -> None:
    user = make_user()
    BillingEvent.objects.create(user=user, type="refund", amount=3, balance_after=13)

    assert api_of(user).get("/me/ledger").data[0]["ref"] is None


def test_the_ledger_comes_in_pages() -> None:
    user = make_user()
    for balance in range(11, 16):
        BillingEvent.objects.create(user=user, type="grant", amount=1, balance_after=balance)

    pages = api_of(user).pages("/me/ledger?limit=4")

    assert [[event["balance_after"] for event in page] for page in pages] == [
        [15, 14, 13, 12],
        [11, 10],
    ]


def test_a_user_sees_only_the_own_ledger() -> None:
    user, other = make_user(plan="pro"), make_user()

    assert [event["amount"] for event in api_of(other).get("/me/ledger").data] == [10]
    assert [event["amount"] for event in api_of(user).get("/me/ledger").data] == [190, 10]


def test_the_ledger_needs_a_token_and_a_sensible_page() -> None:
    assert Api().get("/me/ledger").refusal == (401, "AUTH_REQUIRED")
    assert api_of(make_user()).get("/me/ledger?limit=0").refusal == (400, "VALIDATION_ERROR")


def test_the_ledger_costs_one_query_besides_the_users() -> None:
    api = api_of(make_user(plan="pro"))

    with recorded_statements() as statements:
        assert api.get("/me/ledger").status == 200

    assert len(statements) == 2
