"""`manage.py demo`: real photos through the public API, over HTTP, as a client would send them."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from jobs.demo.display import Display, result_table
from jobs.demo.run import SetRun, run_sets
from jobs.demo.sets import SETS
from jobs.demo.sheet import contact_sheet
from s3project.embedded.errors import StackError
from s3project.embedded.services import start_services
from s3project.embedded.stack import EmbeddedStack
from s3project.running_stack import STACK_FOLDER, running_stack

TIMEOUT_SECONDS = 180.0


class Command(BaseCommand):
    help = "Sends two sets of photos through the running stack, or through one of its own."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        started = time.monotonic()
        with ExitStack() as parts:
            try:
                base_url = self._base_url(parts, console)
            except StackError as error:
                raise CommandError(str(error)) from None
            console.print(f"The API answers at {base_url} ({time.monotonic() - started:.1f} s).\n")
            with Display(console) as display:
                runs = run_sets(base_url, SETS, display.show, timeout=TIMEOUT_SECONDS)
            folder = _keep(runs, settings.BASE_DIR / ".local" / "demo")
        console.print(result_table(runs))
        console.print(f"\nResults        {folder}")
        console.print(f"Contact sheet  {folder / 'contact_sheet.jpg'}")
        console.print(f"All in         {time.monotonic() - started:.1f} s")
        console.print(_how_to_open_the_page(self._running()))
        if not all(run.status == "done" and _is_complete(run) for run in runs):
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


def _how_to_open_the_page(running: str | None) -> str:
    page = f"{running}/studio" if running else "`make serve` prints the address of the page"
    return f"\nYour own photos, in a browser: {page}"


def _is_complete(run: SetRun) -> bool:
    return all(photo.state == "done" for photo in run.photos)


def _keep(runs: list[SetRun], folder: Path) -> Path:
    """Writes the results and the contact sheet; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    for run in runs:
        for photo in run.photos:
            if photo.result:
                (folder / f"{photo.path.stem}_result.png").write_bytes(photo.result)
                (folder / f"{photo.path.stem}_thumb.jpg").write_bytes(photo.preview)
                pairs.append((photo.title, photo.path, photo.result))
    contact_sheet(pairs).save(folder / "contact_sheet.jpg", quality=88)
    return folder
