"""The database's roles: one owns the tables and migrates, one is the service's, one watches.

The service's role owns nothing: it cannot drop, alter or truncate a table, nor switch off the
trigger that keeps `billing_events` append-only. That of the events process reads what a poll reads.
"""

from collections.abc import Iterable, Set

from psycopg import sql

# What is only added to; the trigger refuses it too (contract §1.3).
APPEND_ONLY = frozenset({"billing_events", "acts"})
READ_ONLY = frozenset({"django_migrations"})
# What the events process reads: who comes, the job that is watched, and whether its tables are
# there yet (`migrate --check`, in deploy/kubernetes).
WATCHED = frozenset(
    {
        "django_migrations",
        *("users_user", "users_session", "users_apikey"),
        *("jobs_jobcoordinator", "jobs_jobitem", "jobs_jobpackage", "job_items_log"),
    }
)
# What it writes: when a key was last used, and that somebody who was deactivated came; Django reads
# back the time that the database gives that.
WRITTEN_BY_EVENTS = {
    "users_apikey": "UPDATE (last_used_at)",
    "acts": "INSERT, SELECT (created_at)",
}


def role_statements(role: str, password: str, *, exists: bool) -> Iterable[sql.Composed]:
    """Makes a role that may log in and nothing else, or gives it this password."""
    verb = sql.SQL("ALTER" if exists else "CREATE")
    yield sql.SQL(
        "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}"
    ).format(verb, sql.Identifier(role), sql.Literal(password))


def grant_statements(role: str, tables: Set[str]) -> Iterable[sql.Composed]:
    """What the service needs of the `tables` that there are, and of those that their owner makes
    later; to be run by that owner. Repeating it changes nothing."""
    name = sql.Identifier(role)
    rows, numbers = sql.SQL("SELECT, INSERT, UPDATE, DELETE"), sql.SQL("USAGE, SELECT")
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
    for kind, rights in (("TABLES", rows), ("SEQUENCES", numbers)):
        yield sql.SQL("GRANT {} ON ALL {} IN SCHEMA public TO {}").format(
            rights, sql.SQL(kind), name
        )
        yield sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} ON {} TO {}").format(
            rights, sql.SQL(kind), name
        )
    for table in sorted(tables & APPEND_ONLY):
        yield sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), name)
    for table in sorted(tables & READ_ONLY):
        yield sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {} FROM {}").format(
            sql.Identifier(table), name
        )


def events_grant_statements(role: str, tables: Set[str]) -> Iterable[sql.Composed]:
    """What the events process needs of the `tables` that there are, and nothing else; to be run by
    their owner. Repeating it changes nothing."""
    name = sql.Identifier(role)
    for kind in ("TABLES", "SEQUENCES"):
        yield sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA public FROM {}").format(sql.SQL(kind), name)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
    rights = [(table, "SELECT") for table in sorted(WATCHED)] + sorted(WRITTEN_BY_EVENTS.items())
    for table, right in rights:
        if table in tables:
            yield sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(right), sql.Identifier(table), name
            )
