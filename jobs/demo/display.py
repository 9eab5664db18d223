"""What the demo shows in the terminal: live progress per photo, then a table."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jobs.demo.run import PhotoRun, SetRun
from jobs.demo.sheet import image_size

STYLES = {
    "waiting": "dim",
    "uploaded": "cyan",
    "in work": "yellow",
    "done": "green",
    "failed": "red",
}
MARKS = {"waiting": "·", "uploaded": "↑", "in work": "…", "done": "✓", "failed": "✗"}


class Display:
    """Live in a terminal; a line for each change where there is none (CI, a pipe)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._runs: dict[int, SetRun] = {}
        self._said: dict[tuple[int, int], str] = {}
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None

    def __enter__(self) -> "Display":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, runs: Sequence[SetRun]) -> None:
        self._runs.update((id(run), run) for run in runs)
        if self._live is not None:
            self._live.update(Group(*(_progress(run) for run in self._runs.values())))
            return
        for run in runs:
            for number, photo in enumerate(run.photos):
                if self._said.get((id(run), number)) != photo.state:
                    self._said[id(run), number] = photo.state
                    self._console.print(
                        f"{run.photo_set.preset:<9} {photo.path.name:<28} {photo.state}"
                    )


def _progress(run: SetRun) -> Text:
    settled = sum(photo.state in ("done", "failed") for photo in run.photos)
    text = Text(f"{run.photo_set.preset}  {settled} of {len(run.photos)}\n", style="bold")
    for photo in run.photos:
        style = STYLES[photo.state]
        text.append(f"  {MARKS[photo.state]} {photo.path.name:<28} {photo.state}\n", style=style)
    return text


def result_table(runs: Sequence[SetRun]) -> Table:
    """Per photo: its size, how long after execute it was ready, and the result."""
    table = Table(title="Results", title_justify="left", header_style="bold")
    table.add_column("photo", no_wrap=True)
    table.add_column("pixels", justify="right")
    table.add_column("ready", justify="right")
    table.add_column("result")
    for run in runs:
        for photo in run.photos:
            table.add_row(photo.title, *_cells(photo))
        table.add_section()
    return table


def _cells(photo: PhotoRun) -> tuple[str, str, Text]:
    width, height = image_size(photo.path.read_bytes())
    ready = "" if photo.ready_after is None else f"{photo.ready_after:.1f} s"
    result = Text(photo.state, style=STYLES[photo.state])
    if photo.result:
        result.append(f", PNG {len(photo.result) / 1e6:.1f} MB", style="default")
    if photo.note:
        result.append(f"\n{photo.note}", style="dim")
    return f"{width}×{height}", ready, result
