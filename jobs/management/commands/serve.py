"""`manage.py serve`: the one-machine stack in the foreground."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from s3project.embedded.errors import StackError
from s3project.embedded.foreground import serve
from s3project.environment import FALSE


class Command(BaseCommand):
    help = "Runs the API, its workers and their engines on this machine until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="leave the GPU worker out, as WORKER=0 does",
        )

    def handle(self, *args: Any, no_worker: bool, **options: Any) -> None:
        worker = not no_worker and os.environ.get("WORKER", "1").lower() not in FALSE
        try:
            serve(settings.BASE_DIR, worker=worker, say=self._say)
        except StackError as error:
            raise CommandError(str(error)) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
