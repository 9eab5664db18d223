"""`manage.py backup DIR`: all rows of one moment, and objects where they are asked for."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from s3project.backup.database import dump_database
from s3project.backup.objects import fetch_objects

REPLICATE = (
    "Objects are not in it: let the storage replicate the bucket {bucket}, or add --objects."
)


class Command(BaseCommand):
    help = (
        "Writes a backup into a new folder: all tables as they were at one moment, while the "
        "service goes on. `manage.py restore` reads it. It holds everything that the database "
        "knows, so keep it as safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet")
        parser.add_argument(
            "--objects",
            action="append",
            metavar="PREFIX",
            nargs="?",
            const="",
            help="the storage's objects too: all, or those below this prefix (may be repeated)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise CommandError(
                f"{folder} exists: a backup goes into a folder of its own."
            ) from None
        manifest = dump_database(folder)
        rows = sum(table.rows for table in manifest.tables.values())
        self.stdout.write(f"{rows:,} rows of {len(manifest.tables)} tables, {manifest.made_at}")
        if options["objects"] is None:
            self.stdout.write(REPLICATE.format(bucket=settings.STORAGE_BUCKET))
        else:
            objects = fetch_objects(folder, options["objects"])
            manifest.objects.update(objects)
            self.stdout.write(
                f"{len(objects):,} objects, {sum(one.bytes for one in objects.values()):,} bytes"
            )
        manifest.write(folder)
        self.stdout.write("The secrets are not in it: keep .env beside it, in a safe place.")
