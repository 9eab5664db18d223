"""Errors to Sentry, or to what speaks like it: the log's lines from ERROR on, with their traceback.

What is sent is looked over as the log's lines are, and holds no variables, no bodies, no headers
and no query.
"""

from typing import Any

import sentry_sdk
from django.conf import settings

from s3project import __version__
from s3project.logs.context import origin, request_id
from s3project.logs.formats import known_secrets
from s3project.logs.redaction import Redaction

# Of a request only these are told; the route is in the line.
TOLD = ("method", "url")


def turn_on(service: str) -> None:
    redacted = Redaction(known_secrets())

    def look_over(event: Any, hint: Any) -> Any:
        if "request" in event:
            event["request"] = {name: event["request"].get(name) for name in TOLD}
        event.setdefault("tags", {}).update(
            {"service": service, "request_id": request_id.get(), "origin": origin()}
        )
        return _safe(event, redacted)

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=__version__,
        environment="production" if settings.PRODUCTION else "development",
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=look_over,
    )


def _safe(value: Any, redacted: Redaction) -> Any:
    match value:
        case str():
            return redacted(value)
        case dict():
            return {key: _safe(inner, redacted) for key, inner in value.items()}
        case list() | tuple():
            return [_safe(inner, redacted) for inner in value]
    return value
