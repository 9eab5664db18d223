"""What all endpoints share: meta, errors, headers, parameters and security schemes."""

from typing import Any

from s3project.api.envelope import Meta, error_body
from s3project.api.pagination import Cursor
from s3project.errors import DomainError
from s3project.openapi.shapes import JsonSchema, closed, constant, shape, text
from s3project.openapi.types import example_of, schema_of
from s3project.pages import DEFAULT_LIMIT, MAX_LIMIT


def error_name(error: type[DomainError]) -> str:
    """`JOB_NOT_FOUND` → `JobNotFoundError`."""
    name = "".join(word.capitalize() for word in error.code.split("_"))
    return name if name.endswith("Error") else f"{name}Error"


def error_shape(error: type[DomainError]) -> JsonSchema:
    """The whole envelope of a refusal, of which the code tells the kind."""
    required = {
        "code": constant(error.code),
        "message": text("For people. Decide by the code."),
    }
    details = {"details": schema_of(error.details_type)} if error.details_type else {}
    always = required if error.details_may_lack else {**required, **details}
    body = closed({**required, **details}, required=list(always))
    null: JsonSchema = {"type": "null"}
    return shape(
        error_name(error),
        closed({"success": constant(False), "data": null, "error": body, "meta": schema_of(Meta)}),
    )


def error_example(error: type[DomainError]) -> dict[str, Any]:
    body = error_body(error.example())
    return {"success": False, "data": None, "error": body, "meta": example_of(Meta)}


def _header(description: str, schema: JsonSchema, *, required: bool = False) -> JsonSchema:
    return {"description": description, "required": required, "schema": schema}


def _list_of(member: str) -> str:
    """The pattern of a structured-field List."""
    return f"^{member}(, {member})*$"


SECONDS = {"type": "integer", "minimum": 0}
HEADERS: dict[str, JsonSchema] = {
    "X-Request-ID": _header(
        "Names this request; give it when you report a problem.",
        {"type": "string", "format": "uuid"},
        required=True,
    ),
    "ETag": _header(
        "Changes when the answer does. Send it back as If-None-Match.",
        text(pattern='^W/"[0-9a-f]{30}"$'),
        required=True,
    ),
    "Cache-Control": _header("Who may keep the answer.", text(), required=True),
    "WWW-Authenticate": _header("The scheme that is expected.", constant("Bearer"), required=True),
    "Retry-After": _header("Seconds to wait before the next try.", SECONDS, required=True),
    # Under another name, since a status may have errors with and without it.
    "Retry-After-if-it-helps": _header("Seconds to wait, where waiting helps.", SECONDS),
    "Idempotent-Replayed": _header(
        "Present when the answer is that of an earlier request with the same Idempotency-Key.",
        constant("true"),
    ),
    "RateLimit-Policy": _header(
        "What is allowed: `q` requests in `w` seconds, by each policy that the request falls "
        "under. Absent when there is no limit.",
        text(pattern=_list_of(r'"[a-z-]+";q=\d+;w=\d+')),
    ),
    "RateLimit": _header(
        "Where you stand: `r` requests are left, one more in `t` seconds.",
        text(pattern=_list_of(r'"[a-z-]+";r=\d+;t=\d+')),
    ),
}


def header(name: str, component: str | None = None) -> dict[str, JsonSchema]:
    return {name: {"$ref": f"#/components/headers/{component or name}"}}


PARAMETERS: dict[str, JsonSchema] = {
    "limit": {
        "in": "query",
        "name": "limit",
        "description": "How many at most.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "default": DEFAULT_LIMIT,
        },
    },
    "cursor": {
        "in": "query",
        "name": "cursor",
        "description": "`meta.next_cursor` of the previous page.",
        "schema": schema_of(Cursor),
    },
    "idempotency_key": {
        "in": "header",
        "name": "Idempotency-Key",
        "description": "A name for this request, unique for the user. Sent again with the same "
        "key and body within 24 hours, the request has no second effect and is given the first "
        "answer. Errors are not kept.",
        "schema": text(pattern="^[!-~]{1,255}$"),
    },
    "if_none_match": {
        "in": "header",
        "name": "If-None-Match",
        "description": "The ETag of the answer that you have; if it still holds, the answer is "
        "304 without a body.",
        "schema": text(),
    },
}


def register_parameter(place: str, name: str, hint: Any) -> str:
    """A parameter of a type, which is the same wherever it has this name; returns the name."""
    schema = schema_of(hint)
    described: JsonSchema = {"in": place, "name": name}
    if place == "path":
        described["required"] = True
    if "description" in schema:
        described["description"] = schema.pop("description")
    described["schema"] = schema
    if schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    if PARAMETERS.setdefault(name, described) != described:
        raise ValueError(f"two parameters are named {name}")
    return name


def parameter(name: str) -> JsonSchema:
    return {"$ref": f"#/components/parameters/{name}"}


SECURITY_SCHEMES: dict[str, JsonSchema] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`token` of POST /auth/anon.",
    },
    "callback_secret": {
        "type": "http",
        "scheme": "bearer",
        "description": "GPU_CALLBACK_SECRET of this installation; GPU workers only.",
    },
}
