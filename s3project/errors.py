"""Errors that a client may see. One handler turns them into envelopes
(`s3project/api/views.py`)."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with its code, HTTP status and message; subclasses declare all three.

    The message may have `{placeholders}`, filled from keyword arguments. `details` is shown to
    the client as it is, so nothing internal goes into it.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "Something went wrong on our side."
    retry_after: ClassVar[int | None] = None

    def __init__(self, details: Mapping[str, Any] | None = None, **values: object) -> None:
        self.text = self.message.format(**values)
        self.details = details
        super().__init__(self.text)


class ValidationFailed(DomainError):
    """`details` maps a field to its messages."""

    code, status = "VALIDATION_ERROR", 400
    message = "The request is not valid."


class BodyTooLarge(DomainError):
    code, status = "VALIDATION_ERROR", 413
    message = "The body is larger than 1 MiB."


class NotFound(DomainError):
    code, status = "NOT_FOUND", 404
    message = "There is nothing here."


class MethodNotAllowed(DomainError):
    code, status = "METHOD_NOT_ALLOWED", 405
    message = "This address does not support that method."


class RateLimited(DomainError):
    code, status = "RATE_LIMITED", 429
    message = "Too many requests. Try again later."


class Unavailable(DomainError):
    """The database, the storage or a lock is away for the moment."""

    code, status = "UNAVAILABLE", 503
    message = "The service is briefly unavailable. Try again."
    retry_after = 2
