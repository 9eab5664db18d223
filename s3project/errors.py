"""Errors that a client may see. One handler turns them into envelopes
(`s3project/api/views.py`).

A message says what is wrong and what to do about it, in plain English; the facts in it are also
data, in `details`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self, TypedDict

from s3project.schema import Schema
from s3project.wording import counted, listed, shortened

MAX_ERRORS = 20
BODY = "body"  # stands for the whole body where a field is named


class DomainError(Exception):
    """A refusal with its code, HTTP status and message.

    A subclass whose message has facts in it makes the message of them, and says them in `details`
    too, which is shown to the client as it is: nothing internal goes into it. `details_type` says
    what it may be; it is there with every error of the code unless `details_may_lack`.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    message: ClassVar[str] = (
        "Something went wrong on our side. If you report it, say the request id."
    )
    retry_after: ClassVar[int | None] = None
    details_type: ClassVar[Any] = None
    details_may_lack: ClassVar[bool] = False

    def __init__(self, text: str = "", details: Mapping[str, Any] | None = None) -> None:
        self.text = text or self.message
        self.details = details
        super().__init__(self.text)

    @classmethod
    def example(cls) -> Self:
        """One with facts, for the documentation."""
        return cls()


FieldMessages = Annotated[
    dict[str, Annotated[list[str], Schema(minItems=1)]],
    Schema(
        "Field → messages; `concepts.Wall.action` is a path, `body` stands for the whole body. At "
        f"most {MAX_ERRORS} messages.",
        example={"item_count": ["Must be an integer, not a string."]},
    ),
]


class ValidationFailed(DomainError):
    """Names the first field that is wrong in its message, and all of them in `details`."""

    code, status = "VALIDATION_ERROR", 400
    message = "The request is not valid."
    details_type = FieldMessages
    details_may_lack = True

    def __init__(self, details: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(_summary(details) if details else "", details and _at_most(details))

    @classmethod
    def example(cls) -> Self:
        return cls({"item_count": ["Must be an integer, not a string."]})


def _summary(details: Mapping[str, Sequence[str]]) -> str:
    """`item_count: Must be from 1 to 200, not 0. 1 more field is wrong.`"""
    field, messages = next(iter(details.items()))
    text = messages[0] if field == BODY else f"{field}: {messages[0]}"
    others = len(details) - 1
    if not others:
        return text
    return f"{text} {counted(others, 'more field')} {'is' if others == 1 else 'are'} wrong."


def _at_most(details: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The first messages, and how many there are besides."""
    kept: dict[str, list[str]] = {}
    left = MAX_ERRORS
    for field, messages in details.items():
        if left > 0:
            kept[field] = list(messages[:left])
        left -= len(messages)
    if left < 0:
        kept.setdefault(BODY, []).append(f"And {-left} more.")
    return kept


class BodyTooLarge(DomainError):
    code, status = "VALIDATION_ERROR", 413
    message = "The body is larger than 1 MiB."
    details_type = FieldMessages  # of the code, though this one has none
    details_may_lack = True


class ChoiceFacts(TypedDict):
    allowed: Annotated[list[str], Schema("What there is.", example=["interior", "seller"])]
    nearest: Annotated[str | None, Schema("What may have been meant.", example="interior")]


class NotFound(DomainError):
    """`details` where something of a few was named and there is no such one."""

    code, status = "NOT_FOUND", 404
    message = "There is no such address. GET /docs shows all there are."
    details_type = ChoiceFacts
    details_may_lack = True


class MethodNotAllowed(DomainError):
    code, status = "METHOD_NOT_ALLOWED", 405

    def __init__(self, *, method: str, allowed: Sequence[str]) -> None:
        super().__init__(
            f"This address does not take {shortened(method)}, only {listed(allowed, 'and')}."
        )

    @classmethod
    def example(cls) -> Self:
        return cls(method="POST", allowed=["GET", "HEAD", "OPTIONS"])


class RequestInProgress(DomainError):
    code, status = "REQUEST_IN_PROGRESS", 409
    message = "A request with this Idempotency-Key is at work: send it again in 1 second."
    retry_after = 1


class KeyReused(DomainError):
    code, status = "IDEMPOTENCY_KEY_REUSED", 422
    message = "This Idempotency-Key was used for another request: take a new one."


class RateLimited(DomainError):
    code, status = "RATE_LIMITED", 429

    def __init__(self, *, seconds: int) -> None:
        super().__init__(f"Too many requests: try again in {counted(max(seconds, 1), 'second')}.")

    @classmethod
    def example(cls) -> Self:
        return cls(seconds=3)


class Unavailable(DomainError):
    """The database, the storage or a lock is away for the moment."""

    code, status = "UNAVAILABLE", 503
    message = "The service is away for a moment: try again in 2 seconds."
    retry_after = 2
    details_type = Annotated[dict[str, str], Schema("Part → its state; of GET /ready only.")]
    details_may_lack = True
