"""Admitting a watcher: an ordinary request to Django, answered in a thread.

So who may watch, what a refusal looks like, its rate limit, its CORS headers and its request id are
what they are everywhere. What comes back is a whole answer, or the head of a stream.
"""

import io
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jobs.api.watch import STREAMS, OpenedStream
from jobs.errors import WatcherLimit
from jobs.stream.counts import REGISTRY
from jobs.stream.hub import TooMany
from s3project.api.bearer import bears_one_of
from s3project.api.envelope import encode, envelope, error_body, not_found
from s3project.api.middleware import RequestIdMiddleware
from s3project.errors import DomainError, Unavailable

Scope = Mapping[str, Any]
HEALTH, METRICS = "/health", "/metrics/events"


class Door:
    """Django's middleware and views, loaded once. Usable from any thread. A `scope` is ASGI's of an
    HTTP request; its body is not read.
    """

    def __init__(self) -> None:
        self._handler = BaseHandler()
        self._handler.load_middleware()
        self._pages = RequestIdMiddleware(_page)

    def answer(self, scope: Scope) -> HttpResponseBase:
        """To who wants to watch."""
        request = _request(scope)
        request.META[STREAMS] = True
        response = self._handler.get_response(request)
        response.close()
        return response

    def page(self, scope: Scope) -> HttpResponseBase:
        """To everybody else; asks no other part."""
        if scope["path"] == HEALTH:
            return self._handler.get_response(_request(scope))
        return self._pages(_request(scope))


def _request(scope: Scope) -> HttpRequest:
    return ASGIRequest(dict(scope), io.BytesIO())


def _page(request: HttpRequest) -> HttpResponse:
    if request.path != METRICS or not bears_one_of(request, settings.METRICS_TOKENS):
        return not_found(request)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def refusal(too_many: TooMany, opened: OpenedStream) -> HttpResponse:
    """In the envelope, with the request id that the opening had."""
    error: DomainError = WatcherLimit() if too_many.of_user else Unavailable()
    said = envelope(error=error_body(error))
    said["meta"]["request_id"] = opened.headers["X-Request-ID"]
    response = HttpResponse(encode(said), status=error.status, content_type="application/json")
    for name, value in opened.headers.items():
        response.headers.setdefault(name, value)
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["Retry-After"] = str(error.retry_after)
    return response
