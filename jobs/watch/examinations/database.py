"""The database: its version, what this process is there, whether what it commits is kept, and
whether its tables are those of this version."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs.watch.examinations.diagnosis import Diagnosis, State, skew
from s3project.admin.sizes import size
from s3project.provision.database_roles import APPEND_ONLY
from s3project.wording import counted, listed

PART = "database"
OLDEST_POSTGRES = 140000
MOST_CONNECTIONS = 0.8  # of those that it takes

FACTS = """
    SELECT current_setting('server_version_num')::int AS version,
           current_user::text AS role,
           clock_timestamp() AS now,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_super,
           EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public'
                      AND tableowner = current_user) AS is_owner,
           pg_is_in_recovery() AS is_replica,
           current_setting('server_encoding') AS encoding,
           current_setting('synchronous_commit') AS commits,
           current_setting('fsync') AS fsync,
           current_setting('max_connections')::int AS max_connections,
           (SELECT count(*) FROM pg_stat_activity
             WHERE backend_type = 'client backend') AS connections,
           pg_database_size(current_database()) AS bytes
"""
CLOSED = """
    SELECT count(*) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND NOT has_table_privilege(oid, 'SELECT')
"""
CHANGEABLE = """
    SELECT relname::text FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)
       AND has_table_privilege(oid, 'UPDATE')
     ORDER BY 1
"""
ROLES = "see Roles in docs/operations.md"


def examine_database() -> Iterator[Diagnosis]:
    facts = _facts()
    version, role = facts["version"], facts["role"]
    found = f"PostgreSQL {version // 10000}.{version % 10000} as {role}, {size(facts['bytes'])}"
    if version < OLDEST_POSTGRES:
        yield Diagnosis(PART, State.ERROR, found, "version 14 or newer is needed")
    else:
        yield Diagnosis(PART, State.OK, found)
    yield from _role(facts)
    if facts["is_replica"]:
        yield Diagnosis(PART, State.ERROR, "it is a replica", "point DATABASE_URL at the primary")
    if facts["encoding"] != "UTF8":
        found = f"its encoding is {facts['encoding']}"
        yield Diagnosis(PART, State.ERROR, found, "make the database anew with encoding UTF8")
    if "off" in (facts["commits"], facts["fsync"]):
        name = "fsync" if facts["fsync"] == "off" else "synchronous_commit"
        hint = f"set {name} on: a crash forgets what was answered, credits among it"
        yield Diagnosis(PART, State.WARNING, f"{name} is off", hint)
    if facts["connections"] > MOST_CONNECTIONS * facts["max_connections"]:
        found = f"{facts['connections']} of {facts['max_connections']} connections are open"
        hint = "raise max_connections, or put a pooler before it (DATABASE_PREPARE)"
        yield Diagnosis(PART, State.WARNING, found, hint)
    yield from skew(PART, facts["now"])


def _role(facts: dict[str, Any]) -> Iterator[Diagnosis]:
    role = facts["role"]
    if facts["is_super"] or facts["is_owner"]:
        what = "is a superuser" if facts["is_super"] else "owns the tables"
        hint = f"it could switch the ledger's trigger off: {ROLES}"
        yield Diagnosis(PART, State.WARNING, f"{role} {what}", hint)
        return
    with connection.cursor() as cursor:
        cursor.execute(CLOSED)
        [closed] = cursor.fetchone()
        cursor.execute(CHANGEABLE, [sorted(APPEND_ONLY)])
        changeable = [name for (name,) in cursor.fetchall()]
    if closed:
        found = f"{role} may not read {counted(closed, 'table')}"
        hint = "manage.py migrate with MIGRATION_DATABASE_URL gives it its rights"
        yield Diagnosis(PART, State.ERROR, found, hint)
    if changeable:
        found = f"{role} may change {listed(changeable, 'and')}, which are only added to"
        yield Diagnosis(PART, State.WARNING, found, ROLES)


def _facts() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def examine_migrations() -> Iterator[Diagnosis]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:5])
        missing = f"{counted(len(plan), 'migration')} not applied: {names}"
        yield Diagnosis("migrations", State.ERROR, missing, "manage.py migrate")
        return
    known = set(executor.loader.graph.nodes)
    newer = sorted(set(executor.loader.applied_migrations) - known)
    ours = {app for app, _ in known}
    if strange := [f"{app}.{name}" for app, name in newer if app in ours]:
        found = f"the database is of a newer version: {', '.join(strange[:5])}"
        yield Diagnosis("migrations", State.WARNING, found, "update what runs here")
        return
    yield Diagnosis("migrations", State.OK, "all applied")
