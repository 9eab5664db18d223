"""The answers of an operation: its success, and every error that it may give."""

from collections.abc import Sequence
from typing import Any

from s3project.errors import (
    BodyTooLarge,
    DomainError,
    RateLimited,
    Unavailable,
    ValidationFailed,
)
from s3project.openapi.components import (
    EXAMPLE_CURSOR,
    EXAMPLE_META,
    META,
    PAGE_META,
    error_example,
    error_name,
    error_shape,
    header,
)
from s3project.openapi.operation import Operation
from s3project.openapi.shapes import JsonSchema, closed, constant, shape

Error = type[DomainError]
JSON = "application/json"

# components/responses, filled as operations are described.
RESPONSES: dict[str, JsonSchema] = {}

# Errors of every operation of a caller; the apps add theirs.
CALLER_ERRORS: dict[str, list[Error]] = {"user": [], "worker": [], "anyone": []}
IDEMPOTENCY_ERRORS: list[Error] = []
IDEMPOTENT_HEADER = "Idempotent-Replayed"


def responses_of(operation: Operation) -> dict[str, JsonSchema]:
    """Status → response."""
    answers = {str(operation.status): _success(operation)}
    if operation.conditional:
        answers["304"] = {
            "description": "The answer that you have still holds.",
            "headers": {**_common_headers(operation), **header("ETag"), **header("Cache-Control")},
        }
    by_status: dict[int, list[Error]] = {}
    for error in _errors(operation):
        kinds = by_status.setdefault(error.status, [])
        if error not in kinds:
            kinds.append(error)
    for status, errors in sorted(by_status.items()):
        answers[str(status)] = _refusal(status, errors, _common_headers(operation))
    return answers


def _errors(operation: Operation) -> list[Error]:
    errors = [*CALLER_ERRORS[operation.caller], *operation.errors]
    if operation.body is not None or operation.idempotent:
        errors += [ValidationFailed, BodyTooLarge]
    if operation.paged:
        errors.append(ValidationFailed)
    if operation.idempotent:
        errors += IDEMPOTENCY_ERRORS
    if operation.rate_limited and operation.caller != "worker":
        errors.append(RateLimited)
    if not operation.needs_nothing:
        errors.append(Unavailable)
    return [*errors, DomainError]


def _common_headers(operation: Operation) -> dict[str, JsonSchema]:
    headers = header("X-Request-ID")
    if operation.rate_limited and operation.caller != "worker":
        headers |= {**header("RateLimit-Policy"), **header("RateLimit")}
    return headers


def _success(operation: Operation) -> JsonSchema:
    headers = _common_headers(operation)
    for name in operation.headers:
        headers |= header(name)
    if operation.conditional:
        headers |= {**header("ETag"), **header("Cache-Control")}
    if operation.idempotent:
        headers |= header(IDEMPOTENT_HEADER)
    meta: dict[str, Any] = dict(EXAMPLE_META)
    if operation.paged:
        meta["next_cursor"] = EXAMPLE_CURSOR
    null: JsonSchema = {"type": "null"}
    envelope = shape(
        f"{operation.answer}Answer",
        closed(
            {
                "success": constant(True),
                "data": operation.data,
                "error": null,
                "meta": PAGE_META if operation.paged else META,
            }
        ),
    )
    example = {"success": True, "data": operation.example, "error": None, "meta": meta}
    return {
        "description": operation.result,
        "headers": headers,
        "content": {JSON: {"schema": envelope, "example": example}},
    }


def _refusal(status: int, errors: Sequence[Error], headers: dict[str, JsonSchema]) -> JsonSchema:
    """A reference to a response that is shared by all operations which refuse alike."""
    waits = [error.retry_after is not None or error is RateLimited for error in errors]
    headers = dict(headers)
    if any(waits):
        component = "Retry-After" if all(waits) else "Retry-After-if-it-helps"
        headers |= header("Retry-After", component)
    if status == 401:
        headers |= header("WWW-Authenticate")
    # Two errors may share a code: they share a shape, and have an example each.
    shapes = {error_name(error): error_shape(error) for error in errors}
    choices = [shapes[kind] for kind in sorted(shapes)]
    response: JsonSchema = {
        "description": " ".join(f"`{error.code}`: {error.message}" for error in errors),
        "headers": headers,
        "content": {
            JSON: {
                "schema": choices[0] if len(choices) == 1 else {"oneOf": choices},
                "examples": {error.__name__: {"value": error_example(error)} for error in errors},
            }
        },
    }
    name = "-or-".join(sorted(error.__name__ for error in errors))
    if "RateLimit" not in headers:
        name += "-unlimited"
    if RESPONSES.setdefault(name, response) != response:
        raise ValueError(f"two responses are named {name}")
    return {"$ref": f"#/components/responses/{name}"}
