"""Errors that a client may see. One handler turns them into envelopes
(`s3project/api/views.py`)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from s3project.schema import Schema


class DomainError(Exception):
    """A refusal with its code, HTTP status and message; subclasses declare all three.

    The message may have `{placeholders}`, filled from keyword arguments. `details` is shown to
    the client as it is, so nothing internal goes into it; `details_type` says what it may be.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "Something went wrong on our side."
    retry_after: ClassVar[int | None] = None
    details_type: ClassVar[Any] = None

    def __init__(self, details: Mapping[str, Any] | None = None, **values: object) -> None:
        self.text = self.message.format(**values)
        self.details = details
        super().__init__(self.text)


FieldMessages = Annotated[
    dict[str, Annotated[list[str], Schema(minItems=1)]],
    Schema(
        "Field → messages; `body` stands for the whole body.",
        example={"item_count": ["A valid integer is required."]},
    ),
]


class ValidationFailed(DomainError):
    code, status = "VALIDATION_ERROR", 400
    message = "The request is not valid."
    details_type = FieldMessages


class BodyTooLarge(DomainError):
    code, status = "VALIDATION_ERROR", 413
    message = "The body is larger than 1 MiB."
    details_type = FieldMessages  # of the code, though this one has none


class NotFound(DomainError):
    code, status = "NOT_FOUND", 404
    message = "There is nothing here."


class MethodNotAllowed(DomainError):
    code, status = "METHOD_NOT_ALLOWED", 405
    message = "This address does not support that method."


class KeyInFlight(DomainError):
    code, status = "IDEMPOTENCY_CONFLICT", 409
    message = "A request with this Idempotency-Key is being worked on. Try again."
    retry_after = 1


class KeyReused(DomainError):
    code, status = "IDEMPOTENCY_KEY_REUSED", 422
    message = "This Idempotency-Key was used for another request."


class RateLimited(DomainError):
    code, status = "RATE_LIMITED", 429
    message = "Too many requests. Try again later."


class Unavailable(DomainError):
    """The database, the storage or a lock is away for the moment."""

    code, status = "UNAVAILABLE", 503
    message = "The service is briefly unavailable. Try again."
    retry_after = 2
    details_type = Annotated[dict[str, str], Schema("Part → its state; of GET /ready only.")]
