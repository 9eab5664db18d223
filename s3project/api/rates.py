"""How often something may happen: `600/hour`."""

import re
from dataclasses import dataclass
from typing import Self

SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
SECONDS |= {"h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
OFF = frozenset({"0", "off"})
SHAPE = re.compile(r"(\d{1,9})\s*/\s*(\d{1,6})?\s*([a-z]+?)s?")


@dataclass(frozen=True)
class Rate:
    """At most `limit` at once, and `limit` in every `seconds` from then on."""

    limit: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """`600/hour`, `20/minute`, `5/10s`; None for `0`, `off` and a limit of 0.

        Raises ValueError for anything else.
        """
        text = text.strip().lower()
        if text in OFF:
            return None
        match = SHAPE.fullmatch(text)
        if match is None or match[3] not in SECONDS:
            raise ValueError("a rate looks like 600/hour or 5/10s, or is off")
        limit, seconds = int(match[1]), int(match[2] or 1) * SECONDS[match[3]]
        if limit and not seconds:
            raise ValueError("a rate needs a time")
        return cls(limit, seconds) if limit else None
