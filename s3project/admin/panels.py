"""What a page of the admin shows beside tables: figures, charts, what happened when, pictures.

Each knows its template; a page is a sequence of them. Charts are pictures made here: the content
security policy allows neither a script in a page nor a style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from s3project.admin.tables import NOTHING, Cell

HEIGHT = 100  # of a chart, in units of its own
BAR = 10


class Tone(StrEnum):
    """How a figure is to be taken (admin.css)."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Figure:
    """`note` is what to know of the value; `url` leads to what it counts."""

    label: str
    value: Cell
    note: str = ""
    tone: Tone = Tone.PLAIN
    url: str = ""


@dataclass(frozen=True)
class Figures:
    title: str
    figures: Sequence[Figure]

    template: ClassVar[str] = "s3project/admin/figures.html"


class Bar(NamedTuple):
    """One bar: what it stands for, and as many parts as the chart has series."""

    label: str
    parts: Sequence[int]


@dataclass(frozen=True)
class Chart:
    """Bars side by side, each a stack of `series` (a class of admin.css → what it is called)."""

    title: str
    series: dict[str, str]
    bars: Sequence[Bar]
    begin: str
    end: str

    template: ClassVar[str] = "s3project/admin/chart.html"

    @property
    def highest(self) -> int:
        return max((sum(bar.parts) for bar in self.bars), default=0)

    @property
    def summary(self) -> str:
        """The chart for those who do not see it."""
        totals = [sum(bar.parts[n] for bar in self.bars) for n in range(len(self.series))]
        said = ", ".join(
            f"{total:,} {name}" for name, total in zip(self.legend, totals, strict=True)
        )
        return f"{self.title}: {said}; at most {self.highest:,} at a time."

    @property
    def legend(self) -> Sequence[str]:
        return list(self.series.values())

    @property
    def svg(self) -> SafeString:
        scale = HEIGHT / (self.highest or 1)
        return format_html(
            '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}'
            "</svg>",
            BAR * max(len(self.bars), 1),
            HEIGHT,
            self.summary,
            format_html_join(
                "",
                "<g><title>{}</title>{}</g>",
                (
                    (self._said(bar), self._stack(BAR * n, bar, scale))
                    for n, bar in enumerate(self.bars)
                ),
            ),
        )

    def _said(self, bar: Bar) -> str:
        parts = ", ".join(f"{p:,} {name}" for name, p in zip(self.legend, bar.parts, strict=True))
        return f"{bar.label}: {parts}"

    def _stack(self, x: int, bar: Bar, scale: float) -> SafeString:
        # The whole column answers to the pointer, however low its bar is.
        pieces = [("ground", 0.0, float(HEIGHT))]
        top = float(HEIGHT)
        for name, part in zip(self.series, bar.parts, strict=True):
            top -= part * scale
            pieces.append((name, top, part * scale))
        return format_html_join(
            "",
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
            (
                (name, x + 1, f"{y:.2f}", BAR - 2, f"{height:.2f}")
                for name, y, height in pieces
                if height
            ),
        )


class Happening(NamedTuple):
    """`after` is how long it took since the one before."""

    when: str
    what: Cell
    after: str = ""
    detail: Cell = ""


@dataclass(frozen=True)
class Timeline:
    title: str
    happenings: Sequence[Happening]

    template: ClassVar[str] = "s3project/admin/timeline.html"


class Picture(NamedTuple):
    """An image that is loaded once it is seen; without `url` only the words are there."""

    url: str
    words: str


@dataclass(frozen=True)
class Note:
    """A sentence in place of a panel."""

    title: str
    text: str

    template: ClassVar[str] = "s3project/admin/note.html"


def picture(shown: Picture) -> SafeString:
    """A cell with a small image that leads to the whole one."""
    if not shown.url:
        return format_html('<span class="thumb-lacks">{}</span>', shown.words or NOTHING)
    return format_html(
        '<a href="{}" target="_blank" rel="noreferrer noopener"><img class="thumb" src="{}" '
        'alt="{}" loading="lazy" decoding="async" referrerpolicy="no-referrer" width="96" '
        'height="72"></a>',
        shown.url,
        shown.url,
        shown.words,
    )
