"""`manage.py restore DIR`: what `manage.py backup` wrote, into an unused installation."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from s3project.backup.database import InUse, load_database
from s3project.backup.manifest import BadBackup, other_secrets, read_manifest
from s3project.backup.objects import put_objects
from s3project.ownership import become_owner, grant_all

NEXT = "Now: manage.py audit --objects, and manage.py orphans."


class Command(BaseCommand):
    help = (
        "Restores a backup into a database without users, jobs and ledger, all or nothing, and "
        "brings it up to date. Web, maintenance and workers are stopped meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--no-objects", action="store_true", help="leave the storage as it is")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            manifest = read_manifest(folder)
            for line in other_secrets(manifest):
                self.stderr.write(self.style.WARNING(f"Another secret than the backup's: {line}."))
            service = become_owner()
            load_database(folder, manifest)
            rows = sum(table.rows for table in manifest.tables.values())
            self.stdout.write(f"{rows:,} rows as of {manifest.made_at}, version {manifest.version}")
            call_command("migrate", interactive=False, verbosity=0)
            grant_all(service)
            if manifest.objects and not options["no_objects"]:
                put_objects(folder, manifest.objects)
                self.stdout.write(f"{len(manifest.objects):,} objects")
        except InUse as error:
            raise CommandError(
                f"The database is in use ({error}): restore into an empty one."
            ) from None
        except BadBackup as error:
            raise CommandError(f"Nothing was restored: {error}.") from None
        self.stdout.write(self.style.SUCCESS(NEXT))
