"""The short way of an API request: from the outermost middleware straight to its view.

Eleven middlewares and a search through all addresses took a fifth of a request's CPU, to find that
nothing of it concerns the API: no cookie, no page, no file, and for a client that is no browser no
CORS either. What they add to an answer is learned from themselves, so that it cannot differ; a test
compares the two ways. Whatever is not plainly a request to the API goes the long way, as do pages
of other origins (`Origin`) and OPTIONS.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.cache import patch_vary_headers

from s3project.api.access import note_address
from s3project.api.headers import Laid, laid_in
from s3project.api.views import ApiView

Handler = Callable[..., Any]


class Route(NamedTuple):
    """A view, its address as the URL configuration writes it, and the names of what stands for a
    star in it."""

    view: Handler
    address: str
    names: tuple[str, ...]


class ShortWayMiddleware:
    """Within the request id's, before all others."""

    def __init__(self, get_response: Handler) -> None:
        self._long_way = get_response
        # By the address, or by the address with a star for every second part.
        self._routes = dict(_routes())
        self._added: dict[bool, Laid] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = self._find(request)
        if found is None:
            answer: HttpResponse = self._long_way(request)
            return answer
        route, values = found
        named = dict(zip(route.names, values, strict=True))
        note_address(named)
        request.resolver_match = ResolverMatch(route.view, (), named, route=route.address)
        try:
            response: Any = route.view(request, **named)
            if hasattr(response, "render"):
                response = response.render()
        except Exception as error:  # as Django's handler does for every middleware and view
            response = response_for_exception(request, error)
        answered: HttpResponse = response
        laid = laid_in(answered)
        for key, (name, value) in self._headers_of(request).items():
            if key not in laid:
                laid[key] = name, value
            elif name == "Vary":
                patch_vary_headers(answered, [value])
        return answered

    def _find(self, request: HttpRequest) -> tuple[Route, list[str]] | None:
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            return None
        path = request.path_info[1:]
        route = self._routes.get(path)
        if route is not None:
            return (route, []) if not route.names else None
        parts = path.split("/")
        values = parts[1::2]
        if not all(values):
            return None
        parts[1::2] = ["*"] * len(values)
        route = self._routes.get("/".join(parts))
        return None if route is None else (route, values)

    def _headers_of(self, request: HttpRequest) -> Laid:
        """What the long way adds to an answer, by whether the request came over TLS."""
        is_secure = request.is_secure()
        added = self._added.get(is_secure)
        if added is None:
            added = self._added[is_secure] = _added_headers(request)
        return added


def _added_headers(request: HttpRequest) -> Laid:
    bare = HttpResponse()
    own = set(bare.headers)
    SecurityMiddleware(lambda _: bare).process_response(request, bare)
    XFrameOptionsMiddleware(lambda _: bare).process_response(request, bare)
    patch_vary_headers(bare, ["origin"])  # CORS: the answer to a browser is another one
    return {name.lower(): (name, value) for name, value in bare.headers.items() if name not in own}


def _routes() -> Iterator[tuple[str, Route]]:
    """The addresses of the API whose variable parts are every second one."""
    if settings.SECURE_SSL_REDIRECT:
        return
    taken: set[str] = set()
    for address, pattern in _patterns(get_resolver().url_patterns):
        converters = pattern.pattern.converters
        starred = "/".join("*" if part.startswith("<") else part for part in address.split("/"))
        names = tuple(part[5:-1] for part in address.split("/") if part.startswith("<str:"))
        # Of two for one address, the first is meant.
        if starred in taken or set(names) != set(converters):
            continue
        taken.add(starred)
        if starred.split("/")[1::2] != ["*"] * len(names) and names:
            continue
        if issubclass(getattr(pattern.callback, "cls", object), ApiView):
            yield starred, Route(pattern.callback, address, names)


def _patterns(patterns: list[Any]) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if isinstance(pattern.pattern, RoutePattern) and not str(pattern.pattern):
                yield from _patterns(pattern.url_patterns)
        elif isinstance(pattern.pattern, RoutePattern):
            yield str(pattern.pattern), pattern
