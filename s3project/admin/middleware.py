"""What holds for every address of the admin, and costs others one look at their path."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.middleware.csrf import CsrfViewMiddleware
from django_otp.middleware import OTPMiddleware

from s3project import ids
from s3project.logs.context import note

Handler = Callable[[HttpRequest], HttpResponse]

# Django's admin needs neither script nor style inside a page.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{}; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A session ends SESSION_COOKIE_AGE after it was last written; this often is enough to write it.
TOUCH_SECONDS = 300
TOUCHED = "touched"
# What brings a page up to date by itself (live.js) says so: it keeps no session alive.
LIVE_HEADER = "X-Live"
# A response may name a place that its images come from, besides this one.
IMAGES_FROM = "images_from"


def is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/") or request.path_info == "/admin"


class AdminDoorMiddleware:
    """Early: nothing of the admin on another host than ADMIN_HOST, and its content security
    policy."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_admin(request):
            return self.get_response(request)
        if settings.ADMIN_HOST and split_domain_port(request.get_host())[0] != settings.ADMIN_HOST:
            raise Http404
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = CSP.format(_images(response))
        return response


def _images(response: HttpResponse) -> str:
    place = getattr(response, IMAGES_FROM, "")
    return f" {place}" if place else ""


class OperatorSessionMiddleware:
    """Who is at the admin: its session, the protection of its forms, the operator, the second
    factor, and messages. Nothing of it is on an API's way, which knows no cookie.

    These are Django's middlewares in the order that it asks for. Its checks look for them in
    MIDDLEWARE, where they would run for every address.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        # Typed as what may be asynchronous as well, which none of them is here.
        respond: Any = MessageMiddleware(get_response)
        second_factor = OTPMiddleware(lambda request: _touching(request, respond))
        self._csrf = CsrfViewMiddleware(AuthenticationMiddleware(second_factor))
        self._admin: Any = SessionMiddleware(self._csrf)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_admin(request):
            return self.get_response(request)
        response: HttpResponse = self._admin(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, keywords: Any
    ) -> HttpResponse | None:
        """Where the form's token is checked."""
        if not is_admin(request):
            return None
        return self._csrf.process_view(request, view, arguments, keywords)


def _touching(request: HttpRequest, respond: Handler) -> HttpResponse:
    """A session that is in use goes on; what a page asks for by itself is no use of it."""
    response = respond(request)
    session, now = request.session, int(time.time())
    if request.user.is_authenticated:
        note(operator=ids.public_id(ids.USER, request.user.pk))
    asked_for = LIVE_HEADER not in request.headers
    old = now - session.get(TOUCHED, 0) > TOUCH_SECONDS
    if asked_for and old and request.user.is_authenticated:
        session[TOUCHED] = now
    return response
