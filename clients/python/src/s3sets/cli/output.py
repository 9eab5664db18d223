"""What is shown: to a person in a terminal, to a pipe, to a program (`--json`)."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.table import Table
from rich.text import Text

Cell = str | Text


class Output:
    """Tables in a terminal; lines with tabs in a pipe; JSON where it was asked for."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False)
        self.errors = Console(stderr=True, highlight=False)

    @property
    def is_live(self) -> bool:
        """Whether there is somebody to see things move."""
        return self.console.is_terminal and not self.as_json

    def data(self, value: Any) -> None:
        """For programs only."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def say(self, text: Cell) -> None:
        """For people, and pipes: one line, whatever its length."""
        if self.as_json:
            return
        if self.console.is_terminal:
            self.console.print(text, soft_wrap=True)
        else:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def hint(self, text: str) -> None:
        """For people only: no line of what a pipe is told."""
        if self.is_live:
            self.console.print(text, soft_wrap=True)

    def complain(self, text: Cell) -> None:
        """On stderr, so that it is in nobody's data."""
        if isinstance(sys.stderr, FileProxy):
            # A board is shown, which would be drawn over it: its console prints above.
            sys.stderr.write(f"{text}\n")
        else:
            self.errors.print(text, soft_wrap=True)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        right: Sequence[str] = (),
        wrap: Sequence[str] = (),
        empty: str = "",
    ) -> None:
        """`right` are columns of numbers; those of `wrap` may take more than a line."""
        if self.as_json:
            return
        if not self.console.is_terminal:
            for row in rows:
                sys.stdout.write("\t".join(str(cell).strip() for cell in row) + "\n")
            return
        if not rows:
            self.say(Text(empty or "There is nothing.", style="dim"))
            return
        table = Table(
            show_header=any(columns),
            box=None,
            header_style="bold",
            padding=(0, 2, 0, 0),
            pad_edge=False,
        )
        for name in columns:
            table.add_column(
                name,
                justify="right" if name in right else "left",
                no_wrap=name not in wrap,
                overflow="fold" if name in wrap else "ellipsis",
            )
        for row in rows:
            table.add_row(*row)
        self.console.print(table)


def when(timestamp: str | None) -> str:
    """A time of the API, short: month, day and minute in UTC."""
    return "" if not timestamp else f"{timestamp[5:10]} {timestamp[11:16]}"


STATUS_STYLES = {
    "created": "blue",
    "uploaded": "blue",
    "queued": "magenta",
    "running": "magenta",
    "done": "green",
    "failed": "red",
    "canceled": "dim",
}


def status_text(status: str) -> Text:
    return Text(status, style=STATUS_STYLES.get(status, ""))
