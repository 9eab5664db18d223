"""The answers of an operation: its success, and every error that it may give."""

from collections.abc import Sequence

from s3project.api.answers import Streamed
from s3project.api.envelope import Meta
from s3project.api.pagination import PageMeta
from s3project.errors import DomainError, RateLimited
from s3project.openapi.components import error_example, error_name, error_shape, header
from s3project.openapi.endpoint import Endpoint
from s3project.openapi.shapes import JsonSchema, closed, constant, shape
from s3project.openapi.types import example_of, name_of, schema_of

Error = type[DomainError]
JSON = "application/json"

# components/responses, filled as operations are described.
RESPONSES: dict[str, JsonSchema] = {}

IDEMPOTENT_HEADER = "Idempotent-Replayed"


def responses_of(endpoint: Endpoint) -> dict[str, JsonSchema]:
    """Status → response."""
    common = _common_headers(endpoint)
    if issubclass(endpoint.answer, Streamed):
        answers = {"200": _stream(endpoint, endpoint.answer.media_type)}
        nothing = "Nothing is to come any more, and all of it was heard."
        answers["204"] = {"description": nothing, "headers": common}
    else:
        answers = {str(endpoint.answer.status_code): _success(endpoint)}
    if endpoint.operation.conditional:
        answers["304"] = {
            "description": "The answer that you have still holds.",
            "headers": {**common, **header("ETag"), **header("Cache-Control")},
        }
    by_status: dict[int, list[Error]] = {}
    for error in endpoint.errors:
        kinds = by_status.setdefault(error.status, [])
        if error not in kinds:
            kinds.append(error)
    for status, errors in sorted(by_status.items()):
        answers[str(status)] = _refusal(status, errors, common)
    return answers


def _common_headers(endpoint: Endpoint) -> dict[str, JsonSchema]:
    headers = header("X-Request-ID")
    if endpoint.is_rate_limited:
        headers |= {**header("RateLimit-Policy"), **header("RateLimit")}
    return headers


def _success(endpoint: Endpoint) -> JsonSchema:
    operation = endpoint.operation
    headers = _common_headers(endpoint)
    for name in operation.headers:
        headers |= header(name)
    if operation.conditional:
        headers |= {**header("ETag"), **header("Cache-Control")}
    if endpoint.is_idempotent:
        headers |= header(IDEMPOTENT_HEADER)
    meta = PageMeta if endpoint.is_paged else Meta
    null: JsonSchema = {"type": "null"}
    envelope = closed(
        {
            "success": constant(True),
            "data": schema_of(endpoint.data),
            "error": null,
            "meta": schema_of(meta),
        }
    )
    example = {
        "success": True,
        "data": example_of(endpoint.data),
        "error": None,
        "meta": example_of(meta),
    }
    schema = shape(f"{name_of(endpoint.data)}Answer", envelope)
    return {
        "description": operation.result,
        "headers": headers,
        "content": {JSON: {"schema": schema, "example": example}},
    }


def _stream(endpoint: Endpoint, media_type: str) -> JsonSchema:
    headers = _common_headers(endpoint)
    for name in endpoint.operation.headers:
        headers |= header(name)
    content = {"schema": schema_of(endpoint.data), "example": example_of(endpoint.data)}
    return {
        "description": endpoint.operation.result,
        "headers": headers,
        "content": {media_type: content},
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
        "description": " ".join(f"`{error.code}`: {error.example().text}" for error in errors),
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
