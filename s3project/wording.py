"""How messages put values into words: plain English, short whatever was sent."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any

LONGEST_SHOWN = 40
# Texts longer than any name of ours are not worth comparing with them, and a client may send very
# many: what is compared costs time.
LONGEST_COMPARED = 40
MOST_COMPARED = 50
# The share of letters in common (difflib's ratio) from which on a text looks like a slip.
ALIKE = 0.7

# What moves a terminal's cursor, or ends a line of a log.
_CONTROLS = {
    code: repr(chr(code))[1:-1]
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
    if code != 0x09
}

JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def json_type(value: Any) -> str:
    """What a value that was read from JSON is called there: `a string`, `null`."""
    return JSON_TYPES[type(value)]


def counted(number: int, noun: str) -> str:
    """`1 photo`, `2 photos`, `no photos`."""
    return f"{number or 'no'} {noun}" if number == 1 else f"{number or 'no'} {noun}s"


def listed(names: Iterable[str], conjunction: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def shortened(text: str, length: int = LONGEST_SHOWN) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def one_line(text: str) -> str:
    """With line ends and control characters written out: nothing in it forges another line."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def quoted(text: str) -> str:
    """As JSON writes it, shortened."""
    return json.dumps(shortened(text), ensure_ascii=False)


def shown(value: Any) -> str:
    """A value that was read from JSON: itself where it is a text, else what it is."""
    return quoted(value) if isinstance(value, str) else json_type(value)


def nearest(text: str, known: Iterable[str]) -> str | None:
    """The known name that a text is most likely a slip of; None when it looks like none."""
    if not 0 < len(text) <= LONGEST_COMPARED:
        return None
    by_spelling = {name.casefold(): name for name in known}
    found = get_close_matches(text.casefold(), by_spelling, n=1, cutoff=ALIKE)
    return by_spelling[found[0]] if found else None


def worth_comparing(names: Iterable[str]) -> list[str]:
    """Those of a client's names that may be slips: the first few that are not too long."""
    return list(islice((name for name in names if len(name) <= LONGEST_COMPARED), MOST_COMPARED))


def hint(near: str | None) -> str:
    """` Did you mean oak?`, to follow a sentence; empty where nothing is near."""
    return f" Did you mean {near}?" if near else ""
