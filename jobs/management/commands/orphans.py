"""`manage.py orphans`: what lies in the bucket without a job?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.management.turns import Turns
from jobs.storage.bucket import StorageUnavailable
from jobs.upkeep.orphans import Orphan, delete_orphans, find_orphans


class Command(BaseCommand):
    help = (
        "Lists objects in the bucket whose job does not exist or is past its retention: bytes, "
        "key, reason. Exits with 1 when there are any that were not deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--delete",
            action="store_true",
            help="delete them, but for those whose keys S3 did not make",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        orphans: list[Orphan] = []
        deleted = 0
        turns = Turns()

        def progress(objects: int) -> None:
            if turns.is_due():
                self.stderr.write(f"  … {objects:,} objects, {len(orphans):,} orphans")

        try:
            for orphan in find_orphans(progress):
                self.stdout.write(f"{orphan.size:>12,}  {orphan.key}  {orphan.reason}")
                orphans.append(orphan)
            if options["delete"]:
                deleted = delete_orphans(orphans)
        except StorageUnavailable as error:
            raise CommandError("The object storage could not be read or written.") from error
        found = f"{len(orphans)} orphans, {sum(orphan.size for orphan in orphans):,} bytes"
        if deleted < len(orphans):
            raise CommandError(f"{found}; {deleted} deleted.")
        self.stdout.write(self.style.SUCCESS(f"{found}; {deleted} deleted."))
