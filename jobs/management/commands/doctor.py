"""`manage.py doctor`: is this installation well?"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.watch.doctor import examine
from jobs.watch.examinations.diagnosis import State
from s3project.wording import counted, one_line

MARKS = {State.OK: "✓", State.WARNING: "!", State.ERROR: "✗", State.UNKNOWN: "?"}


class Command(BaseCommand):
    help = (
        "Asks every part of the installation how it is, and says what to do. Run it where web "
        "runs, with its settings. Exits with 1 when something is wrong; not for warnings (!), nor "
        "for what could not be looked at from there (?)."
    )
    requires_system_checks = ()  # it runs them itself, as lines of its own

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of objects, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for diagnosis in examine():
            found.append(diagnosis)
            if not options["json"]:
                self.stdout.write(
                    f"{MARKS[diagnosis.state]} {diagnosis.part:<12} {one_line(diagnosis.finding)}",
                    {State.ERROR: self.style.ERROR, State.WARNING: self.style.WARNING}.get(
                        diagnosis.state
                    ),
                )
                if diagnosis.hint:
                    self.stdout.write(f"  {'':<12} → {diagnosis.hint}")
        if options["json"]:
            self.stdout.write(json.dumps([asdict(diagnosis) for diagnosis in found], indent=2))
        errors = sum(diagnosis.state == State.ERROR for diagnosis in found)
        if errors:
            raise CommandError(f"{counted(errors, 'thing')} wrong.")
