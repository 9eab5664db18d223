"""`migrate`, as the owner of the tables where MIGRATION_DATABASE_URL names one.

Afterwards the role of DATABASE_URL has what the service needs of them, that of EVENTS_DATABASE_URL
what the events process needs, and each is made where the database does not know it yet. Statements
may take long here, waiting for a lock may not: a migration that could not get one is run again.
"""

from typing import Any

from django.core.management.commands import migrate

from s3project.ownership import become_owner, grant_all, take_time


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["check_unapplied"] or options["plan"]:
            super().handle(*args, **options)
            return
        take_time()
        service = become_owner()
        super().handle(*args, **options)
        grant_all(service)
