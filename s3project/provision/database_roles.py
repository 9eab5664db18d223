"""The database's two roles: one owns the tables and migrates, the other is the service's.

The service's role owns nothing: it cannot drop, alter or truncate a table, nor switch off the
trigger that keeps `billing_events` append-only.
"""

from collections.abc import Iterable, Set

from psycopg import sql

# What is only added to; the trigger refuses it too (contract §1.3).
APPEND_ONLY = frozenset({"billing_events", "acts"})
READ_ONLY = frozenset({"django_migrations"})


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
