"""The envelope of contract §3.1: how every answer with a body looks, errors included.

Apart from `views.py`, because DRF's views import the renderer named in the settings.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NewType, NotRequired, TypedDict

import orjson
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from s3project.errors import DomainError, NotFound, ValidationFailed
from s3project.logs.context import request_id
from s3project.schema import Schema
from s3project.slips import Slip
from s3project.wording import shortened

LONGEST_PATH_SHOWN = 100
_Timestamp = NewType("_Timestamp", str)
Timestamp = Annotated[
    _Timestamp,
    Schema(
        "ISO 8601 in UTC with milliseconds.",
        format="date-time",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        example="2026-02-26T08:00:00.000Z",
    ),
]


class Meta(TypedDict):
    request_id: Annotated[
        str,
        Schema(
            "Also the header X-Request-ID, and in our logs.",
            format="uuid",
            example="5f8f4f0e-7f0c-4b5e-9d53-0f6f3f0a3c11",
        ),
    ]
    timestamp: Timestamp
    warnings: NotRequired[
        Annotated[
            list[Slip],
            Schema(
                "Only there where keys of the body are ignored although they look like one of "
                "ours, and `data` has no `warnings`.",
                minItems=1,
            ),
        ]
    ]


def timestamp(moment: datetime) -> Timestamp:
    """`2026-02-26T08:00:00.000Z`"""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return _Timestamp(text.replace("+00:00", "Z"))


def envelope(
    data: Any = None,
    error: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "success": error is None,
        "data": data,
        "error": error,
        "meta": {
            "request_id": request_id.get(),
            "timestamp": timestamp(datetime.now(UTC)),
            **(meta or {}),
        },
    }


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# Of these orjson has a form of its own, which is not the contract's (`timestamp` above): they stay
# a mistake.
_STRICTLY = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def encode(body: Any) -> bytes:
    """JSON in UTF-8; what cannot be encoded (a surrogate in an echoed key) becomes "?"."""
    try:
        return orjson.dumps(body, option=_STRICTLY)
    except orjson.JSONEncodeError:  # half a surrogate pair, an integer beyond 64 bits
        return _ENCODER.encode(body).encode(errors="replace")


def error_body(error: DomainError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "message": error.text}
    if error.details is not None:
        body["details"] = error.details
    return body


class JsonAlways(BaseContentNegotiation):
    """Every answer is JSON, whatever Accept or Content-Type say."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class EnvelopeRenderer(BaseRenderer):
    """Wraps an error's body, made by `exception_handler`; any other is an `Answer`'s own."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        response: Response = renderer_context["response"]
        if response.status_code == 204:
            return b""
        assert response.exception, "whatever is no error is an Answer"
        return encode(envelope(error=data))


# --- Errors outside DRF's views: handler404 and its kin in urls.py ---------------------------


def _answer(error: DomainError) -> HttpResponse:
    body = encode(envelope(error=error_body(error)))
    return HttpResponse(body, status=error.status, content_type="application/json")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    path = request.path_info
    if path.endswith("/") and is_valid_path(path.rstrip("/")):
        near = shortened(path.rstrip("/"), LONGEST_PATH_SHOWN)
        return _answer(NotFound(f"Addresses have no slash at their end: try {near}."))
    return _answer(NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        return _answer(
            ValidationFailed({"Host": ["Must be a name of this server (ALLOWED_HOSTS)."]})
        )
    return _answer(ValidationFailed())


def server_error(request: HttpRequest) -> HttpResponse:
    """The traceback is in the log under the request id; the client gets a fixed text."""
    return _answer(DomainError())
