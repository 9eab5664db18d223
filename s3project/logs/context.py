"""What a line of the log is about, known without passing it along.

`request_id` names one piece of work of one process: a request, or a run of a task. `origin` is the
request that set it in motion: it travels with the message to the worker and back with its reports,
so that one search finds all that one request caused. `about` and `note` add the job, the photo and
whatever else the lines from there on are about.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

Fact = str | int | float | bool | None | list[int] | list[str]

NOBODY = "-"
# The header of a message, and that of a worker's reports.
MESSAGE_HEADER = "s3_origin"
HTTP_HEADER = "X-Origin-Request-ID"
HTTP_HEADER_IN_ENVIRON = "HTTP_X_ORIGIN_REQUEST_ID"
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

request_id: ContextVar[str] = ContextVar("request_id", default=NOBODY)
_origin: ContextVar[str] = ContextVar("origin", default=NOBODY)
_NOTHING: Mapping[str, Fact] = MappingProxyType({})
_facts: ContextVar[Mapping[str, Fact]] = ContextVar("facts", default=_NOTHING)


class work:
    """A request or a task: lines in the block carry its id, and nothing of the work before it."""

    def __init__(self, identity: str) -> None:
        self._identity = identity

    def __enter__(self) -> None:
        self._before = request_id.set(self._identity), _origin.set(NOBODY)
        _facts.set(_NOTHING)

    def __exit__(self, *_: object) -> None:
        identity, origin = self._before
        _facts.set(_NOTHING)
        _origin.reset(origin)
        request_id.reset(identity)


def begin_work(identity: str) -> None:
    """As `work`, until the next one begins: for a process that does one thing after another."""
    request_id.set(identity)
    _origin.set(NOBODY)
    _facts.set(_NOTHING)


def caused_by(identity: object) -> None:
    """Whose request this work belongs to; anything but the text of a UUID is passed over."""
    if isinstance(identity, str) and UUID_TEXT.fullmatch(identity):
        _origin.set(identity)


def origin() -> str:
    """The request that all this belongs to: this one, if none was before it."""
    known = _origin.get()
    return request_id.get() if known == NOBODY else known


@contextmanager
def about(**facts: Fact) -> Iterator[None]:
    """Lines in the block say this too."""
    before = _facts.get()
    note(**facts)
    try:
        yield
    finally:
        # What was noted within the block lasts.
        others = {name: fact for name, fact in _facts.get().items() if name not in facts}
        _facts.set({**others, **{name: before[name] for name in facts if name in before}})


def note(**facts: Fact) -> None:
    """Lines from now on say this too, until the work ends."""
    _facts.set({**_facts.get(), **facts})


def noted() -> Mapping[str, Fact]:
    """What lines say here."""
    return _facts.get()


def said(**facts: Fact) -> dict[str, Mapping[str, Any]]:
    """`extra` of one line: what this line alone says."""
    return {"facts": facts}
