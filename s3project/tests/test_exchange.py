"""Statements that are sent together are answered as a cursor answers them one by one."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

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
from psycopg.types.json import Jsonb

from jobs.models import JobCoordinator, JobItem
from jobs.models.result_statements import FIND_ITEMS, find_statement
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project import exchange
from s3project.exchange import Asked
from s3project.rows import execute, fetch_all, fetch_one, fetch_together
from s3project.testing.race import race_in_turn

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
VALUES: list[Any] = [
    *(None, True, 7, 2**40, -(2**60), 1.5, Decimal("1.25"), "", "ä % %s $1 'x'", b"\0\xff"),
    *(UUID(int=5), MOMENT, MOMENT.date(), timedelta(seconds=1.5), ["a", "b"], [1, 2**40], []),
    *([None, "a"], Jsonb({"a": [1, None]})),
]
ASKED = "SELECT %s::{0} IS NULL, %s::{0}"
TYPES = [
    *("text", "boolean", "int", "bigint", "bigint", "float8", "numeric", "text", "text", "bytea"),
    *("uuid", "timestamptz", "date", "interval", "text[]", "bigint[]", "text[]", "text[]", "jsonb"),
]


def status() -> TransactionStatus:
    found: TransactionStatus = connection.connection.info.transaction_status
    return found


@pytest.mark.parametrize(
    ("value", "kind"),
    list(zip(VALUES, TYPES, strict=True)),
    ids=[f"{place}-{kind}" for place, kind in enumerate(TYPES)],
)
def test_a_value_travels_as_by_a_cursor(value: Any, kind: str) -> None:
    statement = ASKED.format(kind)

    first, again = (fetch_all(statement, [value, value]) for _ in range(2))
    with override_settings(PREPARE_STATEMENTS=False):
        by_cursor = fetch_all(statement, [value, value])

    assert first == again == by_cursor
    assert repr(first) == repr(by_cursor)


def test_named_values_are_found_by_their_names_and_a_doubled_percent_is_one() -> None:
    statement = "SELECT %(b)s::int, %(a)s::text, %(b)s::int + 1, 7 %% 4"
    assert fetch_one(statement, {"a": "x", "b": 2, "unused": 0}) == (2, "x", 3, 3)


def test_rows_and_counts_come_in_the_order_of_the_statements() -> None:
    make_job(items=3)

    found = fetch_together(
        ("SELECT idx FROM jobs_jobitem ORDER BY idx", []),
        ("SELECT 1 WHERE false", []),
        ("UPDATE jobs_jobitem SET name = %s RETURNING name", ["a"]),
    )

    assert found == [[(0,), (1,), (2,)], [], [("a",)] * 3]
    assert execute("UPDATE jobs_jobitem SET name = %s WHERE idx > %s", ["b", 0]) == 2
    assert fetch_all("UPDATE jobs_jobitem SET name = ''", []) == []


def test_a_transaction_begins_with_the_first_statement_and_ends_with_the_block() -> None:
    assert fetch_one("SELECT 1", []) == (1,)
    assert status() == TransactionStatus.IDLE

    with transaction.atomic():
        assert status() == TransactionStatus.IDLE
        assert fetch_together(("SELECT now()", []), ("SELECT 2", []))[1] == [(2,)]
        assert status() == TransactionStatus.INTRANS
        ours = fetch_one("SELECT txid_current()", [])
        with connection.cursor() as cursor:
            cursor.execute("SELECT txid_current()")
            assert cursor.fetchone() == ours
    assert status() == TransactionStatus.IDLE


def test_what_was_written_goes_with_the_transaction() -> None:
    make_job(items=2)

    with transaction.atomic():
        assert execute("UPDATE jobs_jobitem SET name = 'a'", []) == 2
        transaction.set_rollback(True)

    assert fetch_all("SELECT DISTINCT name FROM jobs_jobitem", []) == [("",)]


def test_the_first_error_is_raised_and_what_came_after_it_is_not_done() -> None:
    job = make_job(items=1)
    wrong: Asked = ("UPDATE jobs_jobcoordinator SET done_items = -1 WHERE id = %s", [job.id])
    later: Asked = ("UPDATE jobs_jobitem SET name = 'later'", [])

    with pytest.raises(IntegrityError, match="job_counters_gte_0"), transaction.atomic():
        fetch_together(("UPDATE jobs_jobitem SET name = 'before'", []), wrong, later)
    assert fetch_all("SELECT name FROM jobs_jobitem", []) == [("",)]

    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            fetch_together(wrong, later)
        assert fetch_all("SELECT name FROM jobs_jobitem", []) == [("",)]


def test_a_broken_transaction_is_not_asked_again() -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            fetch_one("SELECT 1 / %s", [0])
        with pytest.raises(DatabaseError):
            fetch_one("SELECT 1", [])
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            fetch_one("SELECT 1", [])
    assert fetch_one("SELECT 1", []) == (1,)


def test_a_statement_that_takes_too_long_leaves_the_connection_usable() -> None:
    too_long: tuple[Asked, ...] = (
        ("SET LOCAL statement_timeout = 20", []),
        ("SELECT pg_sleep(5)", []),
    )
    with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
        fetch_together(*too_long)
    assert fetch_one("SELECT 1", []) == (1,)


def test_a_connection_that_the_server_ended_is_an_error_and_then_replaced() -> None:
    fetch_one("SELECT 1", [])
    pid = connection.connection.info.backend_pid
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises(OperationalError):
        fetch_one("SELECT 1", [])
    connection.close_if_unusable_or_obsolete()

    assert fetch_one("SELECT 1", []) == (1,)
    assert connection.connection.info.backend_pid != pid


def test_beyond_what_is_prepared_statements_are_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.close()
    monkeypatch.setattr(exchange, "PREPARED_MAX", 1)

    assert [fetch_one(f"SELECT {number} + %s", [1]) for number in (1, 2, 2)] == [(2,), (3,), (3,)]

    count = fetch_one("SELECT count(*) FROM pg_prepared_statements", [])
    assert count == (1,)


def test_a_statement_that_failed_is_prepared_again() -> None:
    connection.close()
    for _ in range(2):
        with pytest.raises(DatabaseError):
            fetch_one("SELECT nothing FROM nowhere", [])
    assert fetch_one("SELECT %s::int", [1]) == (1,)
    assert fetch_one("SELECT %s::int", [2]) == (2,)


def test_a_value_that_cannot_be_sent_leaves_the_transaction_as_it_was() -> None:
    with transaction.atomic():
        pid = fetch_one("SELECT pg_backend_pid()", [])
        with pytest.raises(DataError):
            fetch_together(("SELECT %s::text", ["fine"]), ("SELECT %s::text", ["\0"]))
        assert fetch_one("SELECT pg_backend_pid()", []) == pid


def test_what_is_prepared_outlives_a_rollback() -> None:
    for _ in range(8):
        with transaction.atomic():
            assert fetch_one("SELECT %s::int", [3]) == (3,)
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s::text", ["a"])
            transaction.set_rollback(True)
    assert fetch_one("SELECT %s::int", [4]) == (4,)


def test_threads_that_share_a_connection_share_what_it_has_prepared() -> None:
    """As those of a live server in a test do."""
    ours = connections[DEFAULT_DB_ALIAS]
    assert fetch_one("SELECT %s::int + 1", [1]) == (2,)
    answers: list[Any] = []

    def ask() -> None:
        connections[DEFAULT_DB_ALIAS] = ours
        answers.extend(fetch_one("SELECT %s::int + 1", [number]) for number in range(50))

    ours.inc_thread_sharing()
    try:
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        ours.dec_thread_sharing()

    assert sorted(answers) == sorted([(number + 1,) for number in range(50)] * 3)


def test_threads_have_exchanges_of_their_own() -> None:
    pids: set[int] = set()

    def ask() -> None:
        try:
            with transaction.atomic():
                row = fetch_one("SELECT pg_backend_pid()", [])
                assert row is not None
                pids.add(row[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 3


# --- What is found under a lock that had to be waited for -----------------------------------------

TOGETHER = f"""
    WITH job AS MATERIALIZED (
        SELECT id FROM jobs_jobcoordinator WHERE id = %s FOR NO KEY UPDATE
    )
    SELECT item.* FROM job, LATERAL ({FIND_ITEMS}) AS item
"""


def test_items_are_found_as_whoever_held_the_lock_left_them() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    def give_the_key() -> str:
        with transaction.atomic():
            JobCoordinator.objects.lock(job.id)
            JobItem.objects.filter(job=job, idx=0).update(idempotency_key="k")
        return "gave"

    def find() -> list[int]:
        with transaction.atomic():
            return sorted(JobCoordinator.objects.lock_for_result(job.id, 1, "k", "done")[1])

    def find_in_one_statement() -> list[int]:
        with transaction.atomic():
            rows = fetch_all(TOGETHER, [job.id, *find_statement(job.id, 1, "k", "done")[1]])
            return sorted(row[1] for row in rows)

    assert race_in_turn(give_the_key, find)[1] == [0, 1]
    JobItem.objects.filter(job=job, idx=0).update(idempotency_key="another")
    # One statement sees what there was before it waited: the control.
    assert race_in_turn(give_the_key, find_in_one_statement)[1] == [1]
