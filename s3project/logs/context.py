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
from typing import Any

from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars

Fact = str | int | float | bool | None | list[int] | list[str]

NOBODY = "-"
# The header of a message, and that of a worker's reports.
MESSAGE_HEADER = "s3_origin"
HTTP_HEADER = "X-Origin-Request-ID"
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

request_id: ContextVar[str] = ContextVar("request_id", default=NOBODY)
_origin: ContextVar[str] = ContextVar("origin", default=NOBODY)


@contextmanager
def work(identity: str) -> Iterator[None]:
    """A request or a task: lines in the block carry its id, and nothing of the work before it."""
    token, origin = request_id.set(identity), _origin.set(NOBODY)
    clear_contextvars()
    try:
        yield
    finally:
        clear_contextvars()
        _origin.reset(origin)
        request_id.reset(token)


def begin_work(identity: str) -> None:
    """As `work`, until the next one begins: for a process that does one thing after another."""
    request_id.set(identity)
    _origin.set(NOBODY)
    clear_contextvars()


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
    with bound_contextvars(**facts):
        yield


def note(**facts: Fact) -> None:
    """Lines from now on say this too, until the work ends."""
    bind_contextvars(**facts)


def said(**facts: Fact) -> dict[str, Mapping[str, Any]]:
    """`extra` of one line: what this line alone says."""
    return {"facts": facts}
