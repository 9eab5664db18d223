"""`manage.py audit`: does everything add up?"""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.management.turns import Turns
from jobs.upkeep.orphans import find_orphans
from jobs.watch.audit import OBJECTS, Finding, audit
from jobs.watch.audit_checks import CHECKS
from jobs.watch.audit_objects import ObjectAudit, audit_all_objects

NAME_WIDTH = max(len(check.name) for check in CHECKS)


class Command(BaseCommand):
    help = (
        "Checks that credits, reservations, slots, counters and history agree, on one snapshot "
        "of the live database. Exits with 1 when they do not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--objects",
            action="store_true",
            help="Also looks for every result in the storage, and counts the orphans there.",
        )
        parser.add_argument(
            "--after",
            default="",
            metavar="PLACE",
            help="With --objects: goes on where a run before said that it was.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        violations = 0
        self.stdout.write(f"  {'check':<{NAME_WIDTH}}  {'rows':>10}  {'violations':>10}  seconds")
        for finding in audit():
            violations += finding.violations
            self.stdout.write(self._line(finding))
            for example in finding.examples:
                self.stdout.write(f"      {example}")
            more = finding.violations - len(finding.examples)
            if more > 0:
                self.stdout.write(f"      and {more} more")
        checks = len(CHECKS)
        if options["objects"]:
            violations += self._objects(options["after"])
            checks += 1
        seconds = time.perf_counter() - started
        if violations:
            word = "violation" if violations == 1 else "violations"
            raise CommandError(f"{violations} {word} in {checks} checks, {seconds:.1f} s.")
        self.stdout.write(
            self.style.SUCCESS(f"Everything adds up: {checks} checks, {seconds:.1f} s.")
        )

    def _objects(self, after: str) -> int:
        found, turns = ObjectAudit(), Turns()
        try:
            for part in audit_all_objects(after=after):
                found.jobs += part.jobs
                found.photos += part.photos
                for job in part.missing:
                    self.stdout.write(f"      {job.job}: {', '.join(job.missing)}")
                found.missing += part.missing
                if turns.is_due():
                    self._tell(found, part.place)
        except ValueError:
            raise CommandError(f"{after} is no place that --objects names.") from None
        mark = "✗" if found.missing else "✓"
        self.stdout.write(f"{mark} {OBJECTS}: {found.photos:,} photos of {found.jobs:,} jobs")
        self.stdout.write(f"  {self._orphans():,} orphans, see `manage.py orphans`")
        return len(found.missing)

    def _orphans(self) -> int:
        turns = Turns()

        def progress(objects: int) -> None:
            if turns.is_due():
                self.stderr.write(f"  … {objects:,} objects looked at for orphans")

        return sum(1 for _ in find_orphans(progress))

    def _tell(self, found: ObjectAudit, place: str) -> None:
        self.stderr.write(
            f"  … {found.photos:,} photos of {found.jobs:,} jobs, {len(found.missing):,} of them "
            f"with something missing; to go on from here: --objects --after {place}"
        )

    def _line(self, finding: Finding) -> str:
        mark = "✗" if finding.violations else "✓"
        line = (
            f"{mark} {finding.check.name:<{NAME_WIDTH}}  {finding.rows:>10,}  "
            f"{finding.violations:>10,}  {finding.seconds:>7.2f}"
        )
        return self.style.ERROR(line) if finding.violations else line
