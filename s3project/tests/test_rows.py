"""What is read and written past the ORM is what the ORM reads and writes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from jobs.models import JobCoordinator, JobItem
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project.rows import execute, fetch_all, fetch_one, rows_of
from s3project.testing.sql import recorded_statements
from users.models import BillingEvent, Reservation, Session, User, UserLimiter
from users.services import sign_up_anonymously
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

WRITTEN_OUT: list[type[models.Model]] = [
    *(User, UserLimiter, BillingEvent, Reservation, Session, JobCoordinator),
]


def facts(instance: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.fields}


@pytest.mark.parametrize("model", WRITTEN_OUT)
def test_a_row_is_read_as_the_orm_reads_it(model: type[models.Model]) -> None:
    make_job(JobStatus.RUNNING, items=2)
    sign_up_anonymously()
    by_orm = model._default_manager.latest(model._meta.pk.name)
    rows = rows_of(model)

    statement = (
        f"SELECT {rows.columns('t')} FROM {model._meta.db_table} AS t"
        f" WHERE {model._meta.pk.column} = %s"
    )
    row = fetch_one(statement, [by_orm.pk])

    assert row is not None
    assert len(row) == rows.count
    found = rows.instance(row)
    assert facts(found) == facts(by_orm)
    assert (found._state.adding, found._state.db) == (False, "default")
    assert found.get_deferred_fields() == set()


def test_a_row_is_inserted_as_the_orm_inserts_it() -> None:
    user = make_user()
    kept: dict[str, Any] = {
        "user_id": user.pk,
        "status": JobStatus.CREATED,
        "preset": "interior",
        "concepts": {"Wall": {"action": "recolor", "value": "sage"}, "Floor": {}},
        "protect": ["Grout"],
        "metadata": {"b": "1", "a": "2"},
        "total_items": 3,
    }
    ours, orms = JobCoordinator(**kept), JobCoordinator(**kept)

    rows_of(JobCoordinator).insert(ours)
    orms.save(force_insert=True)

    different = {"id", "created_at", "updated_at"}
    found, by_orm = (facts(JobCoordinator.objects.get(pk=job.pk)) for job in (ours, orms))
    assert {name for name in found if found[name] != by_orm[name]} == different
    assert list(found["concepts"]) == ["Wall", "Floor"]
    assert found == facts(ours)
    assert not ours._state.adding


def test_an_update_writes_the_named_columns_and_no_other() -> None:
    job = make_job()
    before = facts(JobCoordinator.objects.get(pk=job.pk))
    job.status, job.preset, job.protect = JobStatus.UPLOADED, "product", []

    rows_of(JobCoordinator).update(job, "status", "protect", "updated_at")

    after = facts(JobCoordinator.objects.get(pk=job.pk))
    assert {name for name in after if after[name] != before[name]} == {"status", "updated_at"}
    assert (after["status"], after["updated_at"]) == (JobStatus.UPLOADED, job.updated_at)


def test_an_update_of_a_row_that_is_gone_is_an_error() -> None:
    job = make_job()
    JobItem.objects.all().delete()
    JobCoordinator.objects.all().delete()

    with (
        pytest.raises(
            DatabaseError, match='0 rows were changed, not 1: UPDATE "jobs_jobcoordinator"'
        ),
        transaction.atomic(),
    ):
        rows_of(JobCoordinator).update(job, "status")


def test_an_update_of_a_column_that_there_is_not_is_an_error() -> None:
    with pytest.raises(AssertionError, match="names of their attributes"):
        rows_of(JobCoordinator).update(make_job(), "status", "stauts")


def test_an_expression_is_not_taken_for_a_value() -> None:
    job = make_job()
    job.done_items = models.F("done_items") + 1

    with pytest.raises(AssertionError, match="done_items is an expression"):
        rows_of(JobCoordinator).update(job, "done_items")


def test_statements_are_on_the_record_and_in_the_transaction() -> None:
    with recorded_statements() as statements:
        assert fetch_all("SELECT %s::int + n FROM generate_series(1, 2) AS n", [1]) == [(2,), (3,)]
        assert execute("UPDATE users_user SET plan = plan", []) == 0
    assert len(statements) == 2

    with pytest.raises(DatabaseError), transaction.atomic():
        fetch_one("SELECT 1 / 0", [])
    assert fetch_one("SELECT 1", []) == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_is_not_asked_again() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert fetch_one("SELECT %s::timestamptz", [moment]) == (moment,)

    connection.close()

    assert fetch_one("SELECT %s::timestamptz", [moment]) == (moment,)


def test_json_is_read_as_python_reads_it() -> None:
    text = '{"거실": [123456789012345678901234567890, 1.5e-7, 1.0, null], "a": {"b": "\\u00e9"}}'

    assert fetch_one("SELECT %s::json", [text]) == (json.loads(text),)


def test_a_statement_of_all_rows_is_not_asked_of_some() -> None:
    job = make_job()
    assert JobCoordinator.objects.get_job(job.id).id == job.id

    with pytest.raises(AssertionError, match="a filter would be passed over"):
        job.user.jobs.get_job(job.id)
