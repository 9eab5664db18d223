"""A statement that was put off is done before all else, or with the COMMIT, or not at all."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.test import override_settings
from psycopg.pq import TransactionStatus

from jobs.models import JobCoordinator, JobItem
from jobs.tests.factories import make_job
from s3project.after_commit import after_commit
from s3project.exchange import Asked
from s3project.rows import fetch_all, fetch_one, put_off, rows_of
from s3project.testing.sql import recorded_statements

pytestmark = pytest.mark.django_db(transaction=True)

NAMED = "UPDATE jobs_jobitem SET name = %s WHERE idx = 0"
NAMES = "SELECT name FROM jobs_jobitem WHERE idx = 0"
# A CHECK refuses it at once, a foreign key of ours with the COMMIT.
REFUSED = "UPDATE jobs_jobcoordinator SET done_items = -1"
REFUSED_LATER = "UPDATE jobs_jobcoordinator SET user_id = %s"


def has_put_off() -> bool:
    database: Any = connections[DEFAULT_DB_ALIAS]
    return bool(database.exchange.has_put_off)


def name_as_others_see_it() -> str:
    with psycopg.connect(**connection.get_connection_params()) as other:
        row = other.execute(NAMES).fetchone()
    assert row is not None
    return str(row[0])


def put_off_all(*asked: Asked, then: Callable[[], object] = lambda: None, changes: int = 1) -> None:
    with transaction.atomic():
        for statement, values in asked:
            put_off(statement, values, changes=changes)
        then()


def test_it_is_done_with_the_commit_and_before_what_comes_after_that() -> None:
    make_job()
    seen: list[str] = []

    with transaction.atomic():
        after_commit(lambda: seen.append(name_as_others_see_it()))
        put_off(NAMED, ["a"], changes=1)
        assert has_put_off()
        assert connection.connection.info.transaction_status == TransactionStatus.IDLE

    assert seen == ["a"]
    assert not has_put_off()
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE


def test_the_next_statement_finds_it_done_in_the_order_of_all_that_was_put_off() -> None:
    make_job()
    with transaction.atomic():
        put_off(NAMED, ["a"], changes=1)
        put_off(NAMED, ["b"], changes=1)
        assert fetch_all(NAMES, []) == [("b",)]
        assert not has_put_off()
        assert name_as_others_see_it() == ""
        put_off(NAMED, ["c"], changes=1)
    assert name_as_others_see_it() == "c"


def test_the_orm_and_a_savepoint_find_it_done() -> None:
    make_job()
    with transaction.atomic():
        put_off(NAMED, ["a"], changes=1)
        assert JobItem.objects.get(idx=0).name == "a"
        put_off(NAMED, ["b"], changes=1)
        with transaction.atomic():
            assert not has_put_off()
            put_off(NAMED, ["c"], changes=1)
            transaction.set_rollback(True)
        assert JobItem.objects.get(idx=0).name == "b"


def test_of_a_transaction_that_is_given_up_nothing_is_done() -> None:
    make_job()
    with pytest.raises(ZeroDivisionError):
        put_off_all((NAMED, ["a"]), then=lambda: 1 / 0)
    assert not has_put_off()

    with transaction.atomic():
        put_off(NAMED, ["b"], changes=1)
        connection.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            put_off(NAMED, ["c"], changes=1)
    assert fetch_one(NAMES, []) == ("",)


@pytest.mark.parametrize(("statement", "values"), [(REFUSED, []), (REFUSED_LATER, [uuid4()])])
def test_what_is_refused_is_an_error_of_the_block_and_undoes_it(
    statement: str, values: list[Any]
) -> None:
    make_job()
    seen: list[str] = []

    with pytest.raises(IntegrityError):
        put_off_all(
            *((NAMED, ["a"]), (statement, values), (NAMED, ["b"])),
            then=lambda: after_commit(seen.append, "told"),
        )

    assert seen == []
    assert fetch_one(NAMES, []) == ("",)
    put_off_all((NAMED, ["c"]))  # the connection is good for the next
    assert fetch_one(NAMES, []) == ("c",)


@pytest.mark.parametrize(
    "then",
    [lambda: fetch_one("SELECT 1", []), JobItem.objects.count, lambda: None],
    ids=["statement", "orm", "savepoint"],
)
def test_what_is_refused_is_an_error_of_what_it_went_along_with(
    then: Callable[[], object],
) -> None:
    make_job()
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            put_off_all((REFUSED, []), then=then)
        put_off(NAMED, ["a"], changes=1)
    assert fetch_one(NAMES, []) == ("a",)


@pytest.mark.parametrize("changes", [0, 2])
def test_other_than_the_rows_that_were_meant_is_an_error(changes: int) -> None:
    make_job()
    with pytest.raises(DatabaseError, match="1 rows were changed"):
        put_off(NAMED, ["a"], changes=changes)
    with pytest.raises(DatabaseError, match="1 rows were changed"):
        put_off_all((NAMED, ["a"]), changes=changes, then=lambda: fetch_one("SELECT 1", []))
    with pytest.raises(DatabaseError, match="1 rows were changed"):
        put_off_all((NAMED, ["a"]), changes=changes)


def test_a_connection_that_ended_is_an_error_and_nothing_is_left_for_the_next() -> None:
    make_job()

    def end() -> None:
        pid = connection.connection.info.backend_pid
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises(OperationalError):
        put_off_all((NAMED, ["a"]), then=end)
    connection.close_if_unusable_or_obsolete()
    with transaction.atomic():
        assert fetch_one(NAMES, []) == ("",)
        assert not has_put_off()


@pytest.mark.parametrize("value", ["\0", "\ud800"])
def test_a_value_that_cannot_be_sent_is_an_error_at_once_and_of_nothing_else(value: str) -> None:
    make_job()
    with transaction.atomic():
        put_off(NAMED, ["a"], changes=1)
        with pytest.raises((DataError, UnicodeEncodeError)):
            put_off(NAMED, [value], changes=1)
        with pytest.raises((DataError, UnicodeEncodeError)):
            fetch_one("SELECT %s::text", [value])
        assert has_put_off()
    assert name_as_others_see_it() == "a"
    put_off_all((NAMED, ["b"]))
    assert name_as_others_see_it() == "b"


@pytest.mark.parametrize("statement", [REFUSED, f"{NAMES} AND false"])
def test_what_was_put_off_in_a_savepoint_that_is_given_up_is_not_tried(statement: str) -> None:
    make_job()
    with transaction.atomic():
        put_off(NAMED, ["outer"], changes=1)
        with pytest.raises(ZeroDivisionError):
            put_off_all((statement, []), then=lambda: 1 / 0)
    assert name_as_others_see_it() == "outer"


def test_what_is_written_is_what_it_was_when_it_was_put_off() -> None:
    job = make_job()
    with transaction.atomic():
        job.concepts = {"Wall": {"action": "remove"}}
        rows_of(JobCoordinator).update(job, "concepts")
        job.concepts["Wall"] = {}
    job.refresh_from_db()
    assert job.concepts == {"Wall": {"action": "remove"}}


def test_what_was_left_behind_is_not_done_by_the_next_transaction() -> None:
    """By an exception that came between the end of a block and its COMMIT."""
    make_job()
    database: Any = connections[DEFAULT_DB_ALIAS]
    transaction.set_autocommit(False)
    database.exchange.put_off((NAMED, ["a"]), changes=1)

    transaction.set_autocommit(True)

    put_off_all(("UPDATE jobs_jobitem SET error = %s WHERE idx = 0", ["b"]))
    assert fetch_one(NAMES, []) == ("",)


def test_outside_a_transaction_it_is_done_at_once() -> None:
    make_job()
    put_off(NAMED, ["a"], changes=1)
    assert name_as_others_see_it() == "a"


def test_where_somebody_listens_or_a_pooler_is_in_between_it_is_done_at_once() -> None:
    make_job()
    with transaction.atomic(), recorded_statements() as statements:
        put_off(NAMED, ["a"], changes=1)
        assert not has_put_off()
    assert any("SET name" in statement for statement in statements)
    with override_settings(PREPARE_STATEMENTS=False), transaction.atomic():
        put_off(NAMED, ["b"], changes=1)
        assert not has_put_off()
    assert fetch_one(NAMES, []) == ("b",)
