"""Answers whose type says their shape: a handler's return type is what the documentation says."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from django.http import HttpResponse

from s3project.api.envelope import encode, envelope
from s3project.api.headers import laid_in

T = TypeVar("T")

# Headers of an answer with a token or a secret: it is for the caller alone (RFC 6749 §5.1).
NO_STORE = {"Cache-Control": "no-store"}


class Answer(HttpResponse, Generic[T]):
    """200 with `data`, and with `meta` beside what every answer's has.

    Not DRF's Response, which is a template that looks for its renderer: here there is one.
    """

    meta: Mapping[str, Any] = {}

    def __init__(
        self, data: T, *, headers: Mapping[str, str] | None = None, status: int | None = None
    ) -> None:
        super().__init__(content_type="application/json", headers=headers, status=status)
        self.data = data

    def items(self) -> Iterable[tuple[str, str]]:
        """The headers, for the server."""
        return laid_in(self).values()

    def write_envelope(self, more: Mapping[str, Any]) -> None:
        """Once the request is done, whose id and time are in it; `more` goes into `meta` too."""
        self.content = encode(envelope(self.data, meta={**self.meta, **more}))


class Created(Answer[T]):
    status_code = 201


class Accepted(Answer[T]):
    status_code = 202


class Streamed(Answer[T]):
    """200 with events, each of this type, in no envelope; 204 where nothing is to come any more.
    Said of a handler's answer, which is an HttpResponse.
    """

    media_type = "text/event-stream"
