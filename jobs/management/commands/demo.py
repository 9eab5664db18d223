"""`manage.py demo`: real photos through the public API, over HTTP, as a client would send them."""

import logging
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from jobs.demo.display import Display
from jobs.demo.run import SetRun, run_sets
from jobs.demo.sets import SETS
from jobs.demo.sheet import contact_sheet
from s3project.embedded.errors import StackError
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
from s3project.running_stack import STACK_FOLDER, running_stack
from s3sets import S3SetsError

TIMEOUT_SECONDS = 180.0
SHEET = "contact_sheet.jpg"


class Command(BaseCommand):
    help = "Sends two sets of photos through the running stack, or through one of its own."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        started = time.monotonic()
        # It logs the addresses of uploads and results, with what opens them.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        with ExitStack() as parts:
            try:
                base_url = self._base_url(parts, console)
            except StackError as error:
                raise CommandError(str(error)) from None
            console.print(f"The API answers at {base_url} ({time.monotonic() - started:.1f} s).\n")
            folder = _fresh(settings.BASE_DIR / ".local" / "demo")
            with Display(console) as display:
                try:
                    runs = run_sets(base_url, SETS, folder, display.show, timeout=TIMEOUT_SECONDS)
                except TimeoutError:
                    raise CommandError(f"Not done within {TIMEOUT_SECONDS:.0f} s.") from None
                except S3SetsError as error:
                    raise CommandError(str(error)) from None
            display.sum_up(runs)
            _draw_sheet(runs, folder / SHEET)
        console.print(f"\nResults        {folder}", soft_wrap=True)
        console.print(f"Contact sheet  {folder / SHEET}", soft_wrap=True)
        console.print(f"All in         {time.monotonic() - started:.1f} s")
        page = _how_to_go_on(base_url, is_running=self._running() is not None)
        console.print(page, soft_wrap=True)
        if not all(photo.result for run in runs for photo in run.photos):
            raise CommandError("Not every photo was done.")

    def _running(self) -> str | None:
        """The address of a stack that was there before, and stays."""
        running = running_stack(settings.BASE_DIR)
        return running["PUBLIC_BASE_URL"] if running else None

    def _base_url(self, parts: ExitStack, console: Console) -> str:
        running = self._running()
        if running:
            return running
        console.print("Starting PostgreSQL, Valkey, SeaweedFS, the API and its workers …")
        stack = parts.enter_context(EmbeddedStack(settings.BASE_DIR / STACK_FOLDER))
        start_services(stack)
        return stack.environment["PUBLIC_BASE_URL"]


def _how_to_go_on(base_url: str, *, is_running: bool) -> str:
    start = "" if is_running else "make serve, then "
    return (
        "\nYour own photos"
        f"\n  in a browser       {start}{base_url}/studio"
        f"\n  on a command line  {start}.venv/bin/s3sets login {base_url}"
    )


def _fresh(folder: Path) -> Path:
    """Without what the demo before this one has left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _draw_sheet(runs: list[SetRun], file: Path) -> None:
    pairs = [
        (photo.title, photo.path, photo.result.read_bytes())
        for run in runs
        for photo in run.photos
        if photo.result is not None
    ]
    if pairs:
        contact_sheet(pairs).save(file, quality=88)
