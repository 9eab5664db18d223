"""What runs with every request is read and planned by PostgreSQL once for each connection."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from jobs.tests.factories import make_job
from s3project.rows import fetch_all
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db

EVERY_COLUMN = re.compile(r"(\bSELECT|\bRETURNING|,|\w\.)\s*\*")


def test_a_poll_that_comes_again_is_prepared() -> None:
    job = make_job()
    api = api_of(job.user)
    for _ in range(7):
        assert api.get(f"/jobs/{job.public_id}").status == 200

    prepared = [row[0] for row in fetch_all("SELECT statement FROM pg_prepared_statements", [])]

    assert any("FROM users_user AS u" in statement for statement in prepared)
    assert any("json_build_array" in statement for statement in prepared)


def test_no_statement_asks_for_columns_that_a_migration_may_add() -> None:
    """A connection that has `SELECT *` prepared would refuse it from then on."""
    job = make_job()
    api = api_of(job.user)
    for _ in range(7):
        api.get("/me")
        api.get("/jobs")

    statements = [row[0] for row in fetch_all("SELECT statement FROM pg_prepared_statements", [])]

    assert statements
    assert not [one for one in statements if EVERY_COLUMN.search(one)]


@pytest.mark.django_db(transaction=True)
def test_a_column_whose_type_is_changed_meanwhile_costs_one_request() -> None:
    job = make_job()
    api = api_of(job.user)
    for _ in range(7):
        assert api.get(f"/jobs/{job.public_id}").status == 200

    def change(length: int) -> None:
        with connection.cursor() as cursor:
            statement = f"ALTER TABLE jobs_jobcoordinator ALTER preset TYPE varchar({length})"
            cursor.execute(statement)
        connections.close_all()

    try:
        ThreadPoolExecutor(1).submit(change, 33).result()
        assert api.get(f"/jobs/{job.public_id}").refusal == (503, "UNAVAILABLE")
        assert api.get(f"/jobs/{job.public_id}").status == 200
    finally:
        change(32)
