"""The database: what it is, what this process is there, and whether its tables are ours."""

import pytest
from django.db import connection

from jobs.tests.watch.examinations.told import findings, of
from jobs.watch.examinations import database
from jobs.watch.examinations.diagnosis import State

pytestmark = pytest.mark.django_db


def become(role: str, *grants: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        for grant in grants:
            cursor.execute(grant)
        cursor.execute(f"SET LOCAL ROLE {role}")


def test_a_role_that_owns_nothing_is_right() -> None:
    become("doctor_good")

    first, *others = of("database")

    assert first.state == State.OK
    assert first.finding.startswith("PostgreSQL 1")
    assert " as doctor_good, " in first.finding
    # The tests' engine is not durable, and says so.
    assert {one.finding for one in others} <= {"fsync is off", "synchronous_commit is off"}


def test_the_superuser_of_the_tests_is_warned_of() -> None:
    assert {("warning", "s3 is a superuser"), ("warning", "s3 owns the tables")} & set(
        findings("database")
    )


def test_a_role_without_its_rights_is_an_error() -> None:
    become("doctor_poor", "REVOKE SELECT ON users_user FROM doctor_poor")

    assert ("error", "doctor_poor may not read 1 table") in findings("database")


def test_a_role_that_may_change_the_ledger_is_warned_of() -> None:
    become("doctor_rich", "GRANT UPDATE ON billing_events, acts TO doctor_rich")

    said = ("warning", "doctor_rich may change acts and billing_events, which are only added to")
    assert said in findings("database")


def test_commits_that_a_crash_forgets_are_warned_of() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        [fsync] = cursor.fetchone()
        cursor.execute("SET LOCAL synchronous_commit = off")

    name = "fsync" if fsync == "off" else "synchronous_commit"
    assert ("warning", f"{name} is off") in findings("database")


def test_too_few_connections_and_a_version_too_old_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "MOST_CONNECTIONS", 0.0)
    monkeypatch.setattr(database, "OLDEST_POSTGRES", 990000)

    found = of("database")

    assert (found[0].state, found[0].hint) == (State.ERROR, "version 14 or newer is needed")
    assert any(one.finding.endswith(" connections are open") for one in found)


def test_a_migration_that_is_missing_is_named() -> None:
    assert findings("migrations") == [("ok", "all applied")]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'jobs' AND name ="
            " (SELECT max(name) FROM django_migrations WHERE app = 'jobs') RETURNING name"
        )
        [name] = cursor.fetchone()

    [found] = of("migrations")

    assert (found.state, found.hint) == (State.ERROR, "manage.py migrate")
    assert f"jobs.{name}" in found.finding


def test_a_database_of_a_newer_version_is_said() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('jobs', '9999_of_tomorrow', now()), ('gone', '0001_initial', now())"
        )

    assert findings("migrations") == [
        ("warning", "the database is of a newer version: jobs.9999_of_tomorrow")
    ]
