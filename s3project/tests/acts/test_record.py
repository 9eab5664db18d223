"""What an act says, and that nothing can be said twice or unsaid."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory

from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.models import Act
from s3project.acts.record import record_act
from s3project.acts.words import Action, ActorKind, ObjectKind
from s3project.logs.context import request_id, work
from s3project.testing.sql import recorded_statements

pytestmark = pytest.mark.django_db


class Boss:
    pk = uuid4()
    email = "boss@example.com"


def test_an_act_says_who_from_where_what_to_whom_why_and_in_which_request() -> None:
    request = RequestFactory().get("/admin/", REMOTE_ADDR="192.0.2.7")
    token = request_id.set(str(uuid4()))
    try:
        with recorded_statements() as statements:
            record_act(
                Action.JOB_CANCELED,
                actor=Actor.operator(request, Boss()),
                kind=ObjectKind.JOB,
                object_id="job_" + "0" * 32,
                reason="  asked for on the phone ",
                details={"refunded": 3},
            )
        in_request = request_id.get()
    finally:
        request_id.reset(token)

    assert len(statements) == 1
    act = Act.objects.get()
    assert (act.actor_kind, act.actor_id, act.actor_name) == (
        "operator", Boss.pk, "boss@example.com"
    )  # fmt: skip
    assert act.address == "192.0.2.7"
    assert (act.action, act.object_kind, act.object_id) == (
        "job.canceled", "job", "job_" + "0" * 32
    )  # fmt: skip
    assert act.reason == "asked for on the phone"
    assert str(act.request_id) == in_request
    assert act.details == {"refunded": 3}
    assert act.created_at is not None


def test_an_act_outside_a_request_names_none() -> None:
    record_act(Action.CREDITS_GRANTED, actor=SYSTEM)

    assert Act.objects.get().request_id is None


def test_an_act_of_a_task_whose_id_is_none_of_ours_is_written_without_it() -> None:
    with work("whatever its sender liked"):
        act = record_act(Action.PLAN_CHANGED, actor=SYSTEM)

    assert act.request_id is None


def test_an_act_that_is_rolled_back_was_none() -> None:
    with transaction.atomic():
        record_act(Action.CREDITS_GRANTED, actor=SYSTEM)
        transaction.set_rollback(True)

    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("2001:db8::1:2", "2001:db8::1:2"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", None),
        ("no address", None),
    ],
)
def test_the_whole_address_is_written_where_it_is_one(address: str, written: str | None) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)

    record_act(Action.CALLBACK_REFUSED, actor=Actor.anyone(request))

    assert Act.objects.get().address == written


@pytest.mark.parametrize(
    "details",
    [
        {"new_password": "x"},
        {"callback_secret": "x"},
        {"token": "x"},
        {"text": "x" * 201},
        {"texts": ["x" * 201]},
        {f"fact{number}": number for number in range(21)},
    ],
)
def test_details_are_small_facts_and_no_secrets(details: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        record_act(Action.KEY_ISSUED, actor=SYSTEM, details=details)


def test_a_reason_is_cut_and_holds_no_nul() -> None:
    record_act(Action.KEY_ISSUED, actor=SYSTEM, reason="a\0b" + "c" * 600)

    assert Act.objects.get().reason == "ab" + "c" * 498


@pytest.mark.parametrize("kind", [ActorKind.OPERATOR, ActorKind.USER])
def test_a_user_who_acts_is_named(kind: ActorKind) -> None:
    with pytest.raises(IntegrityError, match="act_of_a_user_names_one"):
        record_act(Action.KEY_ISSUED, actor=Actor(kind))


@pytest.mark.parametrize("statement", ["UPDATE acts SET reason = 'none'", "DELETE FROM acts"])
def test_the_database_refuses_to_change_an_act(statement: str) -> None:
    record_act(Action.CREDITS_GRANTED, actor=SYSTEM)

    with (
        pytest.raises(DatabaseError, match="acts is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert Act.objects.count() == 1
