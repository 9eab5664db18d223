"""Spans of a trace, for code that does not know whether anybody gathers them.

A trace begins with a request of a client, goes with the message to the worker and comes back with
its reports. A span has a name of ours and the facts of the log's lines; never a URL, a header or
the text of an exception.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Any, Protocol

from django.http import HttpRequest


class Kind(StrEnum):
    SERVER = "server"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    CLIENT = "client"
    INTERNAL = "internal"


class Tracing(Protocol):
    """What `opentelemetry.py` does of this where it is on."""

    def span(
        self, name: str, kind: Kind, parent: Mapping[str, str] | None
    ) -> AbstractContextManager[None]: ...

    def carrier(self) -> dict[str, str]: ...

    def describe(self, name: str, facts: Mapping[str, Any]) -> None: ...

    def trace_id(self) -> str: ...


TRACEPARENT = "traceparent"
# Where workers report: the only requests that continue a trace. Whoever else sends one, begins.
REPORTS = ("/claim", "/callback")
NOTHING = nullcontext()

_tracing: Tracing | None = None


def turn_on(tracing: Tracing | None) -> None:
    """None turns them off."""
    global _tracing
    _tracing = tracing


def span(
    name: str, kind: Kind = Kind.INTERNAL, *, parent: Mapping[str, str] | None = None
) -> AbstractContextManager[None]:
    """The block is a span below the one around it, or below that of a message's headers."""
    return NOTHING if _tracing is None else _tracing.span(name, kind, parent)


def request_span(request: HttpRequest) -> AbstractContextManager[None]:
    if _tracing is None:
        return NOTHING
    given = request.headers.get(TRACEPARENT, "") if request.path.endswith(REPORTS) else ""
    return _tracing.span(str(request.method), Kind.SERVER, {TRACEPARENT: given} if given else {})


def describe(name: str, **facts: Any) -> None:
    """Of the span here: what it is called, now that it is known, and more facts."""
    if _tracing is not None:
        _tracing.describe(name, facts)


def carrier() -> dict[str, str]:
    """Headers that continue the trace elsewhere."""
    return {} if _tracing is None else _tracing.carrier()


def trace_id() -> str:
    """Of the trace here, 32 hex digits; nothing where there is none."""
    return "" if _tracing is None else _tracing.trace_id()
