"""What an examination says: a line each, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from s3project.wording import counted

TIMEOUT = 5  # seconds for one answer of another part
MOST_SKEW = timedelta(seconds=30)  # S3 itself allows 15 minutes
OVERDUE = timedelta(minutes=2)  # what goes by the clock comes every few seconds


class State(StrEnum):
    """`unknown`: it could not be looked at from here, which is nothing wrong in itself."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """`hint` is what to do; empty where nothing is."""

    part: str
    state: State
    finding: str
    hint: str = ""


Examination = Callable[[], Iterator[Diagnosis]]


def skew(part: str, now: datetime) -> Iterator[Diagnosis]:
    """A line where the clock of a part, which says `now`, is not this one's."""
    difference = abs(datetime.now(UTC) - now)
    if difference > MOST_SKEW:
        found = f"its clock and this one differ by {difference.total_seconds():.0f} s"
        yield Diagnosis(part, State.ERROR, found, "let both keep time (NTP)")


def ago(moment: datetime) -> str:
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    return f"{counted(minutes, 'minute')} ago" if minutes else "just now"
