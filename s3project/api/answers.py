"""Answers whose type says their shape: a handler's return type is what the documentation says."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from rest_framework.response import Response

T = TypeVar("T")

# Headers of an answer with a token or a secret: it is for the caller alone (RFC 6749 §5.1).
NO_STORE = {"Cache-Control": "no-store"}


# Generic first: DRF's Response forgets its parameters.
class Answer(Generic[T], Response):
    """200 with `data`."""

    def __init__(self, data: T, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(data, headers=headers)


class Created(Answer[T]):
    status_code = 201


class Accepted(Answer[T]):
    status_code = 202


class Streamed(Answer[T]):
    """200 with events, each of this type, in no envelope; 204 where nothing is to come any more.
    Said of a handler's answer, which is an HttpResponse.
    """

    media_type = "text/event-stream"
