"""What the demo shows: live progress and then a table in a terminal, a line a photo elsewhere."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jobs.demo.run import PhotoRun, SetRun
from jobs.demo.sheet import image_size
from s3sets.progress import PhotoState

STYLES: dict[PhotoState, str] = {
    "waiting": "dim",
    "uploading": "cyan",
    "uploaded": "cyan",
    "working": "yellow",
    "done": "green",
    "failed": "red",
    "canceled": "red",
    "downloading": "green",
    "downloaded": "green",
}
MARKS: dict[PhotoState, str] = {
    "waiting": "·",
    "uploading": "↑",
    "uploaded": "↑",
    "working": "…",
    "done": "✓",
    "failed": "✗",
    "canceled": "✗",
    "downloading": "↓",
    "downloaded": "✓",
}


class Display:
    """Live where somebody looks on. In a pipe (CI, a file) each photo is one line, when there is
    nothing more to come of it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._runs: dict[int, SetRun] = {}
        self._said: set[int] = set()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> "Display":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, run: SetRun) -> None:
        self._runs[id(run)] = run
        if self._live is not None:
            self._live.update(Group(*(_progress(run) for run in self._runs.values())))
            return
        for photo in run.photos:
            if photo.is_settled and id(photo) not in self._said:
                self._said.add(id(photo))
                pixels, ready, result, note = _cells(photo)
                line = f"{photo.title:<24} {pixels:>9} {ready:>7}  {result}  {note}"
                self._console.print(line.rstrip(), soft_wrap=True, highlight=False)

    def sum_up(self, runs: Sequence[SetRun]) -> None:
        """The table, where the photos have not been listed before."""
        if self._live is not None:
            self._console.print(_table(runs))


def _progress(run: SetRun) -> Text:
    settled = sum(photo.is_settled for photo in run.photos)
    text = Text(f"{run.photo_set.preset}  {settled} of {len(run.photos)}\n", style="bold")
    for photo in run.photos:
        style = STYLES[photo.state]
        text.append(f"  {MARKS[photo.state]} {photo.path.name:<28} {photo.state}\n", style=style)
    return text


def _table(runs: Sequence[SetRun]) -> Table:
    """Per photo: its size, how long after execute it was ready, and the result."""
    table = Table(title="Results", title_justify="left", header_style="bold")
    table.add_column("photo", no_wrap=True)
    table.add_column("pixels", justify="right")
    table.add_column("ready", justify="right")
    table.add_column("result")
    for run in runs:
        for photo in run.photos:
            *known, result, note = _cells(photo)
            said = Text(result, style=STYLES[photo.state])
            if note:
                said.append(f"\n{note}", style="dim")
            table.add_row(photo.title, *known, said)
        table.add_section()
    return table


def _cells(photo: PhotoRun) -> tuple[str, str, str, str]:
    width, height = image_size(photo.path.read_bytes())
    ready = "" if photo.ready_after is None else f"{photo.ready_after:.1f} s"
    result: str = photo.state
    if photo.result is not None:
        result = f"done, PNG {photo.result.stat().st_size / 1e6:.1f} MB"
    return f"{width}×{height}", ready, result, photo.note
