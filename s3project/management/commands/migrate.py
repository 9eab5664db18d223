"""`migrate`, as the owner of the tables where MIGRATION_DATABASE_URL names one.

Afterwards the role of DATABASE_URL has what the service needs of them (`database_roles.py`), and is
made where the database does not know it yet.
"""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connection, transaction

from s3project.database import database_settings
from s3project.provision.database_roles import grant_statements, role_statements

PLACE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MIGRATION_DATABASE_URL or options["check_unapplied"] or options["plan"]:
            super().handle(*args, **options)
            return
        service = dict(connection.settings_dict)
        owner = database_settings(settings.MIGRATION_DATABASE_URL)
        connection.close()
        connection.settings_dict.update({name: owner[name] for name in PLACE})
        super().handle(*args, **options)
        if service["USER"] != owner["USER"]:
            grant(service["USER"], service["PASSWORD"])


@transaction.atomic
def grant(role: str, password: str) -> None:
    """Everything the service's role needs; run as the owner of the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            for statement in role_statements(role, password, exists=False):
                cursor.execute(statement)
        tables = set(connection.introspection.table_names(cursor))
        for statement in grant_statements(role, tables):
            cursor.execute(statement)
