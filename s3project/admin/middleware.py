"""What holds for every address of the admin, and costs others one look at their path."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django_otp.middleware import OTPMiddleware

Handler = Callable[[HttpRequest], HttpResponse]

# Django's admin needs neither script nor style inside a page.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A session ends SESSION_COOKIE_AGE after it was last written; this often is enough to write it.
TOUCH_SECONDS = 300
TOUCHED = "touched"


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
        response.headers["Content-Security-Policy"] = CSP
        return response


class OperatorSessionMiddleware:
    """After authentication: who has shown a second factor, and a session that is in use goes on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._with_second_factor = OTPMiddleware(self._respond)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_admin(request):
            return self.get_response(request)
        response: HttpResponse = self._with_second_factor(request)
        return response

    def _respond(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session, now = request.session, int(time.time())
        if request.user.is_authenticated and now - session.get(TOUCHED, 0) > TOUCH_SECONDS:
            session[TOUCHED] = now
        return response
