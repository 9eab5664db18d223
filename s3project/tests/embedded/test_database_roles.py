"""What the roles of the service and of the events process may do in the database that
`manage.py migrate` has made."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader
from psycopg import errors, sql

from s3project.embedded import processes
from s3project.embedded.ports import free_port
from s3project.embedded.stack import PROJECT, EmbeddedStack

FORBIDDEN = {
    "switch the trigger off": "ALTER TABLE billing_events DISABLE TRIGGER ALL",
    "drop the trigger": "DROP TRIGGER billing_events_append_only ON billing_events",
    "replace the trigger's function": (
        "CREATE OR REPLACE FUNCTION billing_events_are_append_only() RETURNS trigger "
        "LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    ),
    "switch all triggers off": "SET session_replication_role = replica",
    "truncate the ledger": "TRUNCATE billing_events CASCADE",
    "change the ledger": "UPDATE billing_events SET amount = 0",
    "empty the ledger": "DELETE FROM billing_events",
    "switch the audit log's trigger off": "ALTER TABLE acts DISABLE TRIGGER ALL",
    "truncate the audit log": "TRUNCATE acts",
    "change the audit log": "UPDATE acts SET reason = ''",
    "empty the audit log": "DELETE FROM acts",
    "truncate any table": "TRUNCATE users_user CASCADE",
    "drop a table": "DROP TABLE jobs_log",
    "alter a table": "ALTER TABLE users_user ADD COLUMN mine int",
    "make a table": "CREATE TABLE mine (id int)",
    "pretend a migration": "INSERT INTO django_migrations VALUES (9999, 'a', 'b', now())",
    "read files": "SELECT pg_read_file('/etc/passwd')",
    "run programs": "COPY billing_events FROM PROGRAM 'true'",
    "become the owner": "SET ROLE s3",
    "make a role": "CREATE ROLE mine SUPERUSER",
    "read passwords": "SELECT rolpassword FROM pg_authid",
}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack of its own, migrated as `make serve` does it."""
    given = {
        "PORT": str(free_port()),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "STORAGE_S3_ENDPOINT": "http://127.0.0.1:1",
        "STORAGE_ACCESS_KEY": "nobody",
        "STORAGE_SECRET_KEY": "nothing",
    }
    folder = tmp_path_factory.mktemp("roles")
    with EmbeddedStack(folder, variables=given, durable=False) as stack:
        migrate(stack)
        yield stack


def migrate(stack: EmbeddedStack, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0", *arguments],
        cwd=PROJECT,
        env=processes.migration_environment(stack.environment),
        check=True,
    )


@pytest.fixture
def service(migrated: EmbeddedStack) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(migrated.environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(migrated: EmbeddedStack) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    url = migrated.environment["MIGRATION_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def events(migrated: EmbeddedStack) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    told = processes.events_environment(migrated.environment)
    with psycopg.connect(told["DATABASE_URL"], autocommit=True) as connection:
        assert connection.info.user == "s3_events"
        yield connection


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_the_service_cannot(service: psycopg.Connection[tuple[object, ...]], attempt: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)) as refused:
        service.execute(FORBIDDEN[attempt])
    assert refused.type is errors.InsufficientPrivilege, refused.value


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_the_events_process_cannot(
    events: psycopg.Connection[tuple[object, ...]], attempt: str
) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)) as refused:
        events.execute(FORBIDDEN[attempt])
    assert refused.type is errors.InsufficientPrivilege, refused.value


def test_the_owner_could_so_that_the_refusals_mean_something(
    owner: psycopg.Connection[tuple[object, ...]],
) -> None:
    for statement in FORBIDDEN.values():
        with owner.transaction(force_rollback=True):
            owner.execute("SET LOCAL check_function_bodies = off")
            # Let in, and then stopped by the ledger's trigger or by an empty program.
            with contextlib.suppress(errors.RestrictViolation, errors.DataError):
                owner.execute(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE acts SET reason = ''", "DELETE FROM acts", "TRUNCATE acts"]
)
def test_the_audit_log_refuses_its_owner_too(
    owner: psycopg.Connection[tuple[object, ...]], statement: str
) -> None:
    with pytest.raises(errors.RestrictViolation, match="acts is append-only"):
        owner.execute(statement)


def test_what_is_too_old_goes_as_the_operations_page_says(
    owner: psycopg.Connection[tuple[object, ...]],
) -> None:
    page = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"```sql\n(BEGIN;\nALTER TABLE acts.*?)```", page, re.DOTALL)
    owner.execute(
        "INSERT INTO acts (id, created_at, action, actor_kind, actor_name, object_kind, object_id,"
        " reason, details) SELECT gen_random_uuid(), now() - age, 'job.canceled', 'system', '', '',"
        " '', '', '{}' FROM unnest(ARRAY[interval '3 years', interval '1 day']) age"
    )

    owner.execute(statements)

    assert owner.execute("SELECT created_at > now() - interval '2 days' FROM acts").fetchall() == [
        (True,)
    ]
    with pytest.raises(errors.RestrictViolation):
        owner.execute("DELETE FROM acts")


def tables_of(owner: psycopg.Connection[tuple[object, ...]]) -> set[str]:
    rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {str(name) for (name,) in rows}


def rights_on(role: psycopg.Connection[tuple[object, ...]], table: str) -> set[str]:
    asked = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"]
    rows = role.execute(
        "SELECT asked FROM unnest(%s::text[]) asked"
        " WHERE has_table_privilege(quote_ident(%s), asked)",
        [asked, table],
    )
    return {str(right) for (right,) in rows.fetchall()}


def test_the_events_process_reads_what_is_watched_and_writes_two_things(
    events: psycopg.Connection[tuple[object, ...]], owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    rights = {table: rights_on(events, table) for table in tables_of(owner)}
    watched = {
        *("users_user", "users_session", "users_apikey", "jobs_jobcoordinator"),
        *("jobs_jobitem", "jobs_jobpackage", "job_items_log", "django_migrations"),
    }
    assert {table: found for table, found in rights.items() if found} == {
        **{table: {"SELECT"} for table in watched},
        "acts": {"INSERT"},
    }
    columns = events.execute(
        "SELECT relname, attname, split_part(acl::text, '/', 1) FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid, unnest(attacl) acl"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY relname"
    ).fetchall()
    assert columns == [
        ("acts", "created_at", "s3_events=r"),
        ("users_apikey", "last_used_at", "s3_events=w"),
    ]
    sequences = events.execute(
        "SELECT sequencename FROM pg_sequences WHERE has_sequence_privilege("
        "format('%I.%I', schemaname, sequencename), 'USAGE, SELECT, UPDATE')"
    ).fetchall()
    assert sequences == []


def test_what_the_events_process_could_do_before_it_cannot_after_the_next_migration(
    migrated: EmbeddedStack,
    events: psycopg.Connection[tuple[object, ...]],
    owner: psycopg.Connection[tuple[object, ...]],
) -> None:
    owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO s3_events")
    migrate(migrated)
    assert rights_on(events, "billing_events") == set()
    assert rights_on(events, "jobs_jobitem") == {"SELECT"}


def test_every_table_is_read_and_written_but_the_logs_and_the_migrations(
    service: psycopg.Connection[tuple[object, ...]], owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    tables = tables_of(owner)
    assert {"billing_events", "django_migrations", "jobs_log"} <= tables
    rights = {table: rights_on(service, table) for table in tables}
    assert rights.pop("billing_events") == {"SELECT", "INSERT"}
    assert rights.pop("acts") == {"SELECT", "INSERT"}
    assert rights.pop("django_migrations") == {"SELECT"}
    assert set(map(frozenset, rights.values())) == {
        frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
    }


def test_a_table_that_is_made_later_is_the_services_too(
    service: psycopg.Connection[tuple[object, ...]], owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    owner.execute("CREATE TABLE later (id int GENERATED BY DEFAULT AS IDENTITY, word text)")
    try:
        service.execute("INSERT INTO later (word) VALUES ('a')")
        service.execute("UPDATE later SET word = 'b'")
        assert service.execute("SELECT word FROM later").fetchone() == ("b",)
        with pytest.raises(errors.InsufficientPrivilege):
            service.execute("DROP TABLE later")
    finally:
        owner.execute("DROP TABLE later")


def test_events_can_ask_whether_its_tables_are_there_yet(
    migrated: EmbeddedStack, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    """What a pod of deploy/kubernetes waits for; the role of web may read more."""

    def ask() -> int:
        argv = [sys.executable, "manage.py", "migrate", "--check"]
        told = processes.events_environment(migrated.environment)
        return subprocess.run(
            argv, cwd=PROJECT, env=told, check=False, capture_output=True
        ).returncode

    assert ask() == 0
    taken = owner.execute(
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)"
        " RETURNING app, name, applied"
    ).fetchone()
    assert taken is not None
    try:
        assert ask() == 1
    finally:
        owner.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", taken
        )


def test_migrating_twice_and_to_an_earlier_state_works(migrated: EmbeddedStack) -> None:
    migrate(migrated)
    migrate(migrated, "users", "0001")
    migrate(migrated)
    with (
        psycopg.connect(migrated.environment["DATABASE_URL"]) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM billing_events")


def test_a_role_that_the_database_does_not_know_is_made_by_the_migration(
    migrated: EmbeddedStack, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    url = migrated.environment["DATABASE_URL"].replace("s3_service", "s3_another")
    environment = {**migrated.environment, "DATABASE_URL": url}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
        cwd=PROJECT,
        env=processes.migration_environment(environment),
        check=True,
    )
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM billing_events").fetchone() == (0,)
    owner.execute(sql.SQL("DROP OWNED BY s3_another; DROP ROLE s3_another"))


def test_only_the_migration_knows_the_owner(migrated: EmbeddedStack, tmp_path: Path) -> None:
    stack = migrated.environment
    secret = stack["MIGRATION_DATABASE_URL"]
    assert processes.migration_environment(stack)["MIGRATION_DATABASE_URL"] == secret
    for told in (
        processes.server_environment(stack),
        processes.maintenance_environment(stack),
        processes.gpu_worker_environment(stack),
    ):
        assert {"MIGRATION_DATABASE_URL", "EVENTS_DATABASE_URL"}.isdisjoint(told)
        assert {secret, stack["EVENTS_DATABASE_URL"]}.isdisjoint(told.values())


def test_a_migration_waits_for_no_lock_for_long_and_then_changes_nothing(
    migrated: EmbeddedStack, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    # The last migration of an app, so that taking it back takes no other one back before it.
    graph = MigrationLoader(None).graph
    (last,) = graph.leaf_nodes("jobs")
    (before,) = (node.key for node in graph.node_map[last].parents if node.key[0] == "jobs")
    argv = [sys.executable, "manage.py", "migrate", *before, "--no-input"]
    environment = processes.migration_environment(migrated.environment)
    tables = owner.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'jobs\\_%'")
    names = [sql.Identifier(str(name)) for (name,) in tables.fetchall()]
    with owner.transaction():
        owner.execute(sql.SQL("LOCK TABLE {}").format(sql.SQL(", ").join(names)))
        done = subprocess.run(
            argv, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120
        )
    assert done.returncode != 0
    assert "lock timeout" in done.stderr
    migrate(migrated, "--check")


def test_a_statement_of_a_migration_may_take_as_long_as_it_takes(
    migrated: EmbeddedStack,
) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from s3project.ownership import become_owner, take_time\n"
        "take_time(); become_owner()\n"
        "cursor = connection.cursor()\n"
        "for name in ('statement_timeout', 'lock_timeout'):\n"
        "    cursor.execute(f'SHOW {name}'); print(*cursor.fetchone())\n"
    )
    environment = processes.migration_environment(migrated.environment)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "s3project.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0", "3s"]
