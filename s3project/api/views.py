"""What every view of the API shares: base classes, parsing, and errors as envelopes."""

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import (
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    connection,
)
from django.http import HttpRequest
from rest_framework import exceptions, serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView, set_rollback
from rest_framework.viewsets import ViewSetMixin

from s3project.api.answers import Answer
from s3project.api.envelope import EnvelopeRenderer, error_body
from s3project.api.fields import NON_FIELD_ERRORS
from s3project.api.headers import lay
from s3project.api.json_body import read_json_object
from s3project.errors import (
    BODY,
    DomainError,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Unavailable,
    ValidationFailed,
)
from s3project.slips import slips_of
from s3project.wording import shortened

logger = logging.getLogger(__name__)

# What a server says that is not, or no longer, the primary: it passes with the failover.
READ_ONLY = "25006"
# A migration has changed the type of a column that a statement asks for, which was prepared before.
CHANGED_PLAN = "cached plan must not change result type"
LONGEST_KEY_SHOWN = 64
RENDERER = EnvelopeRenderer()
# What `parse` leaves on the request for the answer's `meta`.
SLIPS = "slips"


def as_domain_error(error: Exception, view: "ApiView") -> DomainError | None:
    """What a client of the view is told about an exception; None for our own mistake."""
    match error:
        case DomainError():
            return error
        case exceptions.MethodNotAllowed():
            method = view.request.method or ""
            return MethodNotAllowed(method=method, allowed=view.allowed_methods)
        case exceptions.NotFound():
            return NotFound()
        case exceptions.Throttled():
            return RateLimited(seconds=math.ceil(getattr(error, "wait", None) or 0))
        case OperationalError() | InterfaceError():
            # The server is away, or a lock timeout or deadlock (55P03, 40P01): all pass.
            logger.warning("database unavailable: %s", error)
            return Unavailable()
        case InternalError() if getattr(error.__cause__, "sqlstate", None) == READ_ONLY:
            logger.warning("database read-only: %s", error)
            return Unavailable()
        case NotSupportedError() if CHANGED_PLAN in str(error):
            logger.warning("a table was changed under a prepared statement: %s", error)
            connection.close()  # and what it has prepared
            return Unavailable()
    return None


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's hook; None lets the exception through to the log and to `server_error`."""
    known = as_domain_error(error, context["view"])
    if known is None:
        return None
    set_rollback()
    response = Response(error_body(known), status=known.status)
    wait = getattr(error, "wait", None) or known.retry_after
    if wait is not None:
        response.headers["Retry-After"] = str(math.ceil(wait))
    if known.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, exceptions.MethodNotAllowed):
        response.headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


_allowed: dict[tuple[type[APIView], tuple[str, ...]], dict[str, str]] = {}


class ApiView(APIView):
    """OPTIONS answers without a token and without a body; the rest is DRF's.

    `tag` is the chapter of the documentation that the view belongs to.
    """

    tag: ClassVar[str]

    @property
    def default_response_headers(self) -> dict[str, str]:
        """As DRF's, which looks for every method of HTTP with each answer."""
        key = type(self), tuple(getattr(self, "action_map", ()))
        allowed = _allowed.get(key)
        if allowed is None:
            allowed = _allowed[key] = super().default_response_headers
        return dict(allowed)

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """There is nothing to choose."""
        return RENDERER, RENDERER.media_type

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As DRF's, which also looks for a version and a format: there are none."""
        if request._request.method != "OPTIONS":
            self.perform_authentication(request)
            self.check_permissions(request)
            self.check_throttles(request)

    def perform_authentication(self, request: Request) -> None:
        """As DRF's, which first asks the request for the user that it does not have yet."""
        request._authenticate()  # type: ignore[attr-defined]  # the stubs lack it

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(response, Answer):
            return super().finalize_response(request, response, *args, **kwargs)
        slips = vars(request._request).get(SLIPS)
        response.write_envelope({"warnings": slips} if slips else {})
        for name, value in self.headers.items():
            lay(response, name, value)
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


class ApiViewSet(ViewSetMixin, ApiView):
    """A view of a collection and its members, one method per use case.

    `limited` names the methods that are counted once more, besides what counts for all.
    """

    limited: ClassVar[Mapping[str, type[BaseThrottle]]] = {}

    def get_throttles(self) -> list[BaseThrottle]:
        own = self.limited.get(self.action)
        return [*super().get_throttles(), *([own()] if own else [])]


def parse(serializer: serializers.Serializer[Any], request: Request) -> dict[str, Any]:
    """The validated values of a request's body, which is JSON whatever its Content-Type says.

    Keys that look like those of the serializer are named in the answer. Raises ValidationFailed
    with field → messages, or BodyTooLarge.
    """
    body = read_json_object(request._request)
    values = validated(serializer, body)
    known = serializer.fields.fields
    if not body.keys() <= known.keys() and (slips := slips_of(body, known)):
        vars(request._request)[SLIPS] = slips
    return values


def validated(serializer: serializers.Serializer[Any], body: dict[str, Any]) -> dict[str, Any]:
    """The validated values of a body that was read. Raises ValidationFailed.

    The serializer is a module-level instance: `run_validation` keeps no state, and making a
    serializer for each request costs more than validating with it.
    """
    try:
        values: dict[str, Any] = serializer.run_validation(body)
    except serializers.ValidationError as error:
        raise ValidationFailed(_details(error.detail)) from None
    return values


def _details(detail: Any) -> dict[str, list[str]]:
    """DRF's nested error detail as one level: `concepts.Floor.action` → messages."""
    flat: dict[str, list[str]] = {}

    def collect(path: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                # What is wrong with an object as a whole is said under its own path.
                name = [] if key == NON_FIELD_ERRORS else [shortened(str(key), LONGEST_KEY_SHOWN)]
                collect(".".join([path, *name] if path else name), inner)
        elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
            for index, inner in enumerate(value):
                collect(f"{path}.{index}", inner)
        else:
            messages = value if isinstance(value, list) else [value]
            flat.setdefault(path or BODY, []).extend(str(message) for message in messages)

    collect("", detail)
    return flat
