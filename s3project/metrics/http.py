"""Requests by method, route and status, and how long they take.

Labels come from what we know, never from what a client sends: routes are those of the URL
configuration, methods those of HTTP, and there are as many series as the documentation has answers.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.http import HttpResponse
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver
from prometheus_client import Counter, Histogram

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
UNMATCHED = "unmatched"
ADMIN = "/admin"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What every operation may answer.
ALWAYS = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE})

REQUESTS = Counter(
    "s3_http_requests", "Requests by what they were answered.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "s3_http_request_seconds",
    "How long a request takes in the web process, by the class of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def count_answer(method: str, route: str, status: int, seconds: float) -> None:
    requests, times = _series(method, route, status)
    requests.inc()
    times.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Kept, since looking them up takes longer than counting."""
    times = SECONDS.labels(method, route, f"{status // 100}xx")
    return REQUESTS.labels(method, route, status), times


def route_of(match: ResolverMatch | None) -> str:
    """`/jobs/{job_id}/execute`; all of the admin is one, and so is what there is no address for."""
    return _written(match.route) if match is not None else UNMATCHED


@lru_cache(maxsize=256)
def _written(pattern: str) -> str:
    path = "/" + PARAMETER.sub(r"{\1}", pattern)
    return ADMIN if path == ADMIN or path.startswith(f"{ADMIN}/") else path


def begin_at_zero() -> None:
    """Makes the series of everything that is documented."""
    for method, route, statuses in _operations(get_resolver().url_patterns):
        for status in statuses:
            REQUESTS.labels(method, route, int(status))
        SECONDS.labels(method, route, "2xx")


def _operations(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, str, set[int]]]:
    for pattern in patterns:
        text = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _operations(pattern.url_patterns, text)
            continue
        view = getattr(pattern.callback, "cls", None)
        if view is None:
            continue
        actions = getattr(pattern.callback, "actions", None) or {
            name: name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)
        }
        for method, handler in actions.items():
            if method != "head":
                yield method.upper(), _written(text), _statuses(view, getattr(view, handler))


def _statuses(view: Any, handler: Any) -> set[int]:
    """What the operation may answer, as far as the code says it without its documentation."""
    operation = getattr(handler, "operation", None)
    errors = [*getattr(operation, "errors", ())]
    for authentication in getattr(view, "authentication_classes", ()):
        errors += getattr(authentication, "errors", ())
    statuses = {error.status for error in errors} | set(ALWAYS)
    if getattr(operation, "body", None) is not None:
        statuses |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    if getattr(view, "throttle_classes", ()):
        statuses.add(HTTPStatus.TOO_MANY_REQUESTS)
    if getattr(operation, "conditional", False):
        statuses.add(HTTPStatus.NOT_MODIFIED)
    return statuses | {_success(handler)}


def _success(handler: Any) -> int:
    returned = get_type_hints(handler).get("return")
    is_union = get_origin(returned) in (Union, UnionType)
    for kind in get_args(returned) if is_union else (returned,):
        origin = get_origin(kind)
        if isinstance(origin, type) and issubclass(origin, HttpResponse):
            return int(origin.status_code)
    return int(HTTPStatus.OK)
