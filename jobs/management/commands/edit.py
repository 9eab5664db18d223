"""`manage.py edit`: edit photos on this machine, without a server, a queue or a storage."""

import re
import time
from argparse import ArgumentParser
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from jobs.demo.sheet import contact_sheet
from jobs.gpu.engine.errors import ModelError, PhotoError
from jobs.gpu.engine.messages import ALL_PAINTS, Edit
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.gpu.engine.places import Place
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.presets import ACTIONS, PRESETS, layers, resolve_value

INSTANCES = re.compile(rf"{ALL_PAINTS}|[0-9]{{1,3}}(,[0-9]{{1,3}})*")
SHEET = "contact_sheet.jpg"


class Command(BaseCommand):
    help = "Edits photos with the engine alone: manage.py edit a.jpg --set Wall=recolor:sage"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
        parser.add_argument("--preset", choices=sorted(PRESETS), default="interior")
        parser.add_argument(
            "--set", dest="edits", action="append", default=[],
            metavar="CONCEPT=ACTION[:VALUE][@N,…|@all]",
            help="an edit; where several overlap, the more specific concept is on top; @0,2 for "
            "these instances only, from left to right, or these paints of a single thing; @all "
            "for all its paints",
        )  # fmt: skip
        parser.add_argument(
            "--protect", action="append", metavar="CONCEPT",
            help="what must not change (the preset's defaults unless given; --protect '' for none)",
        )  # fmt: skip
        parser.add_argument("--segmenter", default=settings.ENGINE_SEGMENTER)
        parser.add_argument("--out", type=Path, default=Path("edited"), metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        preset = PRESETS[options["preset"]]
        concepts = _edits(options["edits"], preset.id)
        chosen = options["protect"]
        protect = list(preset.protect_defaults) if chosen is None else [p for p in chosen if p]
        try:
            engine = Engine(load_segmenter(options["segmenter"], settings.MODEL_CACHE_DIR))
        except (ValueError, ModelError) as error:
            raise CommandError(str(error)) from None
        options["out"].mkdir(parents=True, exist_ok=True)
        console = Console()
        table = Table(header_style="bold")
        for column in ("photo", "pixels", "seconds", "result"):
            table.add_column(column)
        pairs, failed = [], 0
        names = _result_names(options["photos"])
        with _progress(console) as progress:
            task = progress.add_task("editing", total=len(options["photos"]))
            for photo, name in zip(options["photos"], names, strict=True):
                progress.update(task, description=photo.name)
                started = time.monotonic()
                try:
                    result = engine.edit(
                        _read(photo),
                        concepts,
                        protect,
                        layers=layers(preset.id),
                        protect_defaulted=chosen is None,
                    )
                except (PhotoError, ModelError) as error:
                    failed += 1
                    table.add_row(photo.name, "", "", f"[red]{error}[/red]")
                else:
                    _write(options["out"], name, result)
                    pairs.append((photo.name, photo, result.png))
                    seconds = f"{time.monotonic() - started:.2f}"
                    size = f"{result.width}×{result.height}"
                    remarks = [*result.warnings, *_several(result, concepts)]
                    table.add_row(photo.name, size, seconds, "\n".join(remarks) or "done")
                progress.advance(task)
        if pairs:
            contact_sheet(pairs).save(options["out"] / SHEET, quality=88)
        console.print(table)
        console.print(f"Results in {options['out']}, side by side in {SHEET}.")
        if failed:
            raise CommandError(f"{failed} of {len(options['photos'])} photos could not be edited.")


def _several(result: EditedPhoto, concepts: Container[str]) -> list[str]:
    """The instances that --set can choose from: where in shares of the photo, or which paint."""
    return [
        f"{name}: " + ", ".join(f"@{number} {_place(one)}" for number, one in enumerate(places))
        for name, places in result.places.items()
        if name in concepts and len(places) > 1
    ]


def _place(place: Place) -> str:
    if place.colour is not None:
        return f"{place.colour} ({place.share:.0%})"
    left, top, right, bottom = place.box
    return f"at {(left + right) / 2:.0%} × {(top + bottom) / 2:.0%}"


def _edits(raw: Sequence[str], preset: str) -> Mapping[str, Edit]:
    edits: dict[str, Edit] = {}
    for text in raw:
        concept, equals, what = text.partition("=")
        what, at, numbers = what.partition("@")
        action, _, value = what.partition(":")
        if at and not INSTANCES.fullmatch(numbers):
            raise CommandError(
                f"--set {text!r}: after @ come numbers from 0 on, such as @0,2, or all"
            )
        if not concept or not equals or action not in ACTIONS:
            known = ", ".join(ACTIONS)
            raise CommandError(f"--set {text!r} is not CONCEPT=ACTION[:VALUE] (actions: {known})")
        paint = numbers if numbers == ALL_PAINTS else ""
        chosen = tuple(map(int, numbers.split(","))) if at and not paint else None
        resolved = resolve_value(preset, concept, action, value) or ""
        edits[concept] = Edit(action, resolved, chosen, paint)
    if not edits:
        raise CommandError("nothing to do: give at least one --set CONCEPT=ACTION[:VALUE]")
    return edits


def _result_names(photos: Sequence[Path]) -> list[str]:
    """A name per photo; photos of one name from several folders are numbered."""
    names: list[str] = []
    for photo in photos:
        name, number = photo.stem, 1
        while name in names:
            number += 1
            name = f"{photo.stem}_{number}"
        names.append(name)
    return names


def _read(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as error:
        raise PhotoError(error.strerror or "cannot be read") from None


def _write(folder: Path, name: str, result: EditedPhoto) -> None:
    (folder / f"{name}_result.png").write_bytes(result.png)
    (folder / f"{name}_thumb.jpg").write_bytes(result.preview)


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)
