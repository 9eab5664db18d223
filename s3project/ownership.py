"""Acting as the owner of the tables, where MIGRATION_DATABASE_URL names one, and giving the
other roles what they need of them (`provision/database_roles.py`)."""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from s3project.database import LOCK_TIMEOUT_MS, database_settings
from s3project.provision.database_roles import (
    events_grant_statements,
    grant_statements,
    role_statements,
)

PLACE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


@dataclass(frozen=True)
class Role:
    name: str
    password: str


def become_owner() -> Role | None:
    """From here on this process is the owner. Returns the service's role, None where they are
    one."""
    if not settings.MIGRATION_DATABASE_URL:
        return None
    service = Role(connection.settings_dict["USER"], connection.settings_dict["PASSWORD"])
    owner = database_settings(settings.MIGRATION_DATABASE_URL)
    connection.close()
    connection.settings_dict.update({name: owner[name] for name in PLACE})
    return None if service.name == owner["USER"] else service


def take_time() -> None:
    """From here on a statement of this process may take as long as it takes: an index of a large
    table is none of a request's. A lock that is not free is waited for as shortly as there, since
    everybody else waits behind whoever waits for a table."""
    connection.close()
    options = connection.settings_dict["OPTIONS"]
    options["options"] = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout=0"


def grant_all(service: Role | None) -> None:
    """Everything that the service's role needs, where it is not the owner, and that of the events
    process, where EVENTS_DATABASE_URL names one; run as the owner of the tables."""
    if service is not None:
        _grant(service, grant_statements)
    if settings.EVENTS_DATABASE_URL:
        place = database_settings(settings.EVENTS_DATABASE_URL)
        events = Role(place["USER"], place["PASSWORD"])
        others = {connection.settings_dict["USER"], service.name if service else ""}
        if events.name not in others:
            _grant(events, events_grant_statements)


@transaction.atomic
def _grant(role: Role, rights: Callable[[str, Set[str]], Iterable[sql.Composed]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name])
        if cursor.fetchone() is None:
            for statement in role_statements(role.name, role.password, exists=False):
                cursor.execute(statement)
        tables = set(connection.introspection.table_names(cursor))
        for statement in rights(role.name, tables):
            cursor.execute(statement)
