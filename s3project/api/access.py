"""What is told of every request: what it is about, and of its answer: it is counted, and what may
have changed something is a line."""

import logging
from collections.abc import Mapping

from django.http import HttpRequest

from s3project import ids
from s3project.logs.context import note, said
from s3project.metrics.http import METHODS, count_answer, route_of
from s3project.telemetry.traces import describe

logger = logging.getLogger("s3project.access")

# What an address names, as it is called in a line of the log.
NAMED = {
    "job_id": (ids.JOB, "job"),
    "rule_id": (ids.RULE, "rule"),
    "webhook_id": (ids.WEBHOOK, "webhook"),
    "delivery_id": (ids.DELIVERY, "delivery"),
    "key_id": (ids.KEY, "key"),
}

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def note_address(named: Mapping[str, str]) -> None:
    """What is at the address is in every line from here on, if it is an id at all."""
    for name, text in named.items():
        if name in NAMED:
            prefix, called = NAMED[name]
            if ids.parse_public_id(prefix, text) is not None:
                note(**{called: text})


def note_answer(request: HttpRequest, status: int, seconds: float) -> None:
    """The line names the route, never the path or the query, into which a client may have put
    anything. Requests that only read are there at the level DEBUG."""
    method = request.method if request.method in METHODS else "OTHER"
    route = route_of(request.resolver_match)
    count_answer(method, route, status, seconds)
    describe(
        f"{method} {route}",
        **{"http.request.method": method, "http.route": route, "http.response.status_code": status},
    )
    level = logging.DEBUG if method in READING else logging.INFO
    if logger.isEnabledFor(level):
        facts = said(method=method, route=route, status=status, ms=round(1000 * seconds, 1))
        logger.log(level, "%s %s %d", method, route, status, extra=facts)
