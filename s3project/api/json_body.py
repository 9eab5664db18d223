"""Reading a request body as JSON, whatever its Content-Type says (contract §3.1)."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from s3project.errors import BodyTooLarge, ValidationFailed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")  # NaN, Infinity: Python's decoder would take them


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys_and_values = dict(pairs)
    if len(keys_and_values) != len(pairs):
        raise ValueError("a key stands twice")  # which of the two was meant?
    return keys_and_values


def read_body(request: HttpRequest) -> bytes:
    """The raw body; raises BodyTooLarge above DATA_UPLOAD_MAX_MEMORY_SIZE, before reading it."""
    if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return _read_chunked(request)
    try:
        return request.body
    except RequestDataTooBig:
        raise BodyTooLarge from None


def _read_chunked(request: HttpRequest) -> bytes:
    """A body of unannounced length, which Django would take for an empty one."""
    body: bytes | None = getattr(request, "chunked_body", None)
    if body is None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = request.META["wsgi.input"].read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        vars(request)["chunked_body"] = body
    return body


def read_json_object(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object.

    Raises BodyTooLarge above DATA_UPLOAD_MAX_MEMORY_SIZE and ValidationFailed for whatever is
    not one JSON object in UTF-8: malformed, not an object, a key twice, NaN, absurd nesting,
    absurd numbers.
    """
    raw = read_body(request)
    if not raw.strip():
        return {}
    try:
        # Decoded here: json.loads(bytes) would guess UTF-16 and UTF-32 as well.
        body = json.loads(
            raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError):
        raise ValidationFailed({"body": ["The body is not valid JSON."]}) from None
    if not isinstance(body, dict):
        raise ValidationFailed({"body": ["The body must be a JSON object."]})
    return body
