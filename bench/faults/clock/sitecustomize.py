"""A clock that is wrong: with this folder in PYTHONPATH, Python's wall clock is CLOCK_OFFSET_SEC
ahead, in this process and its children. Monotonic clocks are untouched.
"""

import datetime
import os
import time
from collections.abc import Callable

OFFSET = int(os.environ.get("CLOCK_OFFSET_SEC", "0"))

_datetime = datetime.datetime


class Shifted:
    """Called like the function it stands for, and, like that, no method of who keeps it."""

    def __init__(self, clock: Callable[[], float], offset: int) -> None:
        self._clock = clock
        self._offset = offset

    def __call__(self) -> float:
        return self._clock() + self._offset


class AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        # What C code makes is of the class that ours stands for.
        return isinstance(instance, _datetime)


class WrongDatetime(_datetime, metaclass=AnyDatetime):
    __slots__ = ()  # C code looks at the size

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "WrongDatetime":
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> "WrongDatetime":
        return cls.now(datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> "WrongDatetime":
        return cls.now()


if OFFSET:
    time.time = Shifted(time.time, OFFSET)
    time.time_ns = Shifted(time.time_ns, OFFSET * 10**9)  # type: ignore[assignment]  # replaced on purpose
    WrongDatetime.__name__ = WrongDatetime.__qualname__ = "datetime"
    WrongDatetime.__module__ = "datetime"
    datetime.datetime = WrongDatetime  # type: ignore[misc]  # replaced on purpose
