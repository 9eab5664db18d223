"""A set on its way, as it is shown: a bar for each photo in a terminal, lines in a pipe."""

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from s3sets.cli.output import Output
from s3sets.progress import PhotoState, Progress

MARKS: dict[PhotoState, tuple[str, str]] = {
    "waiting": ("·", "dim"),
    "uploading": ("↑", "blue"),
    "uploaded": ("↑", "blue"),
    "working": ("…", "magenta"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "canceled": ("-", "dim"),
    "downloading": ("↓", "blue"),
    "downloaded": ("✓", "green"),
}
ACTIVE = ("uploading", "downloading", "working", "waiting", "uploaded")
BAR = 20
NAME = 28
# What a pipe is told of each photo. The other states pass for all of them at once.
SAID = frozenset({"done", "failed", "canceled"})


class Board:
    """Is told of each photo (`tell`), in whatever order, and shows all of them."""

    def __init__(
        self, output: Output, *, eta_seconds: int | None = None, package: str | None = None
    ) -> None:
        """`package` is what is made of the photos when they are done."""
        self._output = output
        self._package = package
        self._guess = eta_seconds
        self._photos: dict[int, Progress] = {}
        self._said: dict[int, PhotoState] = {}
        self._phases: dict[str, float] = {}
        self._ready: list[float] = []
        self._is_over = False
        self._live: Live | None = None
        if output.is_live:
            self._live = Live(
                console=output.console, refresh_per_second=8, get_renderable=self._picture
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over = True
        if self._live is not None:
            self._live.stop()

    def tell(self, told: Progress) -> None:
        before = self._photos.get(told.idx)
        self._photos[told.idx] = told
        phase = _phase(told.state)
        self._phases.setdefault(phase, time.monotonic())
        if told.state == "done" and (before is None or before.state == "working"):
            self._ready.append(time.monotonic())
        if not self._output.is_live:
            self._write(told)

    def _write(self, told: Progress) -> None:
        if told.state in SAID and self._said.get(told.idx) != told.state:
            self._said[told.idx] = told.state
            note = f"\t{told.note}" if told.note else ""
            self._output.say(Text(f"{told.name}\t{told.state}{note}"))

    def _picture(self) -> Group:
        # A copy: it is told of photos by other threads meanwhile.
        photos = sorted(self._photos.copy().values(), key=lambda photo: photo.idx)
        if not photos:
            return Group() if self._is_over else Group(Text("Asking the server …", style="dim"))
        console = self._output.console
        room = max(3, console.height - 4)
        shown = photos
        if len(photos) > room:
            # What moves is in sight; the rest is a number.
            active = [photo for photo in photos if photo.state in ACTIVE]
            settled = [photo for photo in photos if photo.state not in ACTIVE]
            chosen = {photo.idx for photo in [*settled[-2:], *active][:room]}
            shown = [photo for photo in photos if photo.idx in chosen]
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        name = min(NAME, max(len(photo.name) for photo in photos))
        for width in (1, name, BAR):
            grid.add_column(width=width, no_wrap=True, overflow="ellipsis")
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        for photo in shown:
            grid.add_row(*_row(photo))
        more = len(photos) - len(shown)
        rest = [Text(f"  and {more} more", style="dim")] if more else []
        return Group(self._headline(photos, console), grid, *rest)

    def _headline(self, photos: list[Progress], console: Console) -> Text:
        counts = Counter(photo.state for photo in photos)
        total = len(photos)
        left = self._seconds_left(photos)
        if counts["uploading"] or (
            counts["waiting"] and (counts["uploaded"] or "work" not in self._phases)
        ):
            said = f"Uploading  {counts['uploaded']} of {total}"
        elif counts["downloading"] or counts["downloaded"]:
            wanted = counts["downloaded"] + counts["downloading"] + counts["done"]
            said = f"Downloading  {counts['downloaded']} of {wanted}"
        else:
            settled = counts["done"] + counts["failed"] + counts["canceled"]
            said = f"Working  {settled} of {total}"
            if settled == total and counts["done"] and self._package:
                said = f"Making {self._package}"
        text = Text(said, style="bold")
        if left is not None:
            text.append(f"   about {_duration(left)} left", style="default")
        text.truncate(console.width)
        return text

    def _seconds_left(self, photos: list[Progress]) -> float | None:
        """Of the present phase: from what was sent so far, or what the server guesses."""
        phase = _phase(min(photos, key=lambda photo: _ORDER[photo.state]).state)
        spent = time.monotonic() - self._phases.get(phase, time.monotonic())
        if phase in ("upload", "download"):
            moving = [photo for photo in photos if photo.size and _phase(photo.state) == phase]
            known = sum(photo.size for photo in moving)
            sent = sum(photo.sent for photo in moving)
            waiting = sum(not photo.size for photo in photos if photo.state in ("waiting", "done"))
            if spent < 0.5 or not sent:
                return None
            whole = known * (1 + waiting / max(1, len(moving)))
            return (whole - sent) * spent / sent
        working = sum(photo.state == "working" for photo in photos)
        guesses = [photo.eta_seconds for photo in photos if photo.eta_seconds is not None]
        if not working:
            return None
        if self._ready:
            return working * (self._ready[-1] - self._phases["work"]) / len(self._ready)
        if guesses:
            return float(guesses[-1])
        return None if self._guess is None else max(1.0, self._guess - spent)


_ORDER: dict[PhotoState, int] = {state: place for place, state in enumerate(MARKS)}


def _phase(state: PhotoState) -> str:
    if state in ("waiting", "uploading", "uploaded"):
        return "upload"
    return "download" if state in ("downloading", "downloaded") else "work"


def _row(photo: Progress) -> tuple[Text, Text, ProgressBar | Text, Text]:
    mark, style = MARKS[photo.state]
    bar: ProgressBar | Text = Text("")
    said = Text(photo.state, style=style)
    if photo.state in ("uploading", "downloading"):
        bar = _bar(photo.size or None, photo.sent)
        if photo.size:
            said = Text(
                f"{photo.state} {_megabytes(photo.sent)}/{_megabytes(photo.size)} MB", style
            )
    elif photo.state == "working":
        bar = _bar(None, 0)
    elif photo.state in ("done", "downloaded", "uploaded"):
        bar = _bar(1, 1)
    if photo.note:
        said.append(f"  {photo.note}", style="dim" if photo.state != "failed" else "red")
    return Text(mark, style=style), Text(photo.name), bar, said


def _bar(total: int | None, done: int) -> ProgressBar:
    """Colours that are seen on light and on dark."""
    return ProgressBar(
        total,
        done,
        width=BAR,
        pulse=total is None,
        style="bright_black",
        complete_style="blue",
        finished_style="green",
        pulse_style="magenta",
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 90 else f"{round(whole / 60)} min"
