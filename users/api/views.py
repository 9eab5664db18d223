"""Sign-up, sessions, `GET /me` and the ledger."""

from rest_framework.request import Request
from rest_framework.response import Response

from s3project.api.pagination import PageResponse, page_request
from s3project.api.views import ApiView, parse
from users import selectors, services
from users.api.auth import current_session_id, current_user, issue_token
from users.api.shapes import (
    AnonymousSignUpIn,
    RefreshSessionIn,
    billing_event_out,
    me_out,
    refreshed_session_out,
    sign_up_out,
    signed_out_out,
)
from users.api.throttles import RefreshThrottle, SignUpThrottle
from users.models import UserLimiter

SIGN_UP_IN = AnonymousSignUpIn()
REFRESH_SESSION_IN = RefreshSessionIn()
# Tokens are for the caller alone (RFC 6749 §5.1).
NO_STORE = {"Cache-Control": "no-store"}


class SignUpAnonymouslyView(ApiView):
    """POST /auth/anon"""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (SignUpThrottle,)

    def post(self, request: Request) -> Response:
        args = parse(SIGN_UP_IN, request)
        sign_in = services.sign_up_anonymously(**args)
        token = issue_token(sign_in.user, sign_in.session_id)
        return Response(sign_up_out(sign_in, token), headers=NO_STORE)


class RefreshSessionView(ApiView):
    """POST /auth/refresh"""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (RefreshThrottle,)

    def post(self, request: Request) -> Response:
        args = parse(REFRESH_SESSION_IN, request)
        sign_in = services.refresh_session(**args)
        token = issue_token(sign_in.user, sign_in.session_id)
        return Response(refreshed_session_out(sign_in, token), headers=NO_STORE)


class SignOutView(ApiView):
    """POST /auth/sign-out"""

    def post(self, request: Request) -> Response:
        services.sign_out(session_id=current_session_id(request))
        return Response(signed_out_out())


class MeView(ApiView):
    """GET /me"""

    def get(self, request: Request) -> Response:
        user = current_user(request)
        limiter = UserLimiter.objects.get(pk=user.pk)
        limiter.user = user
        return Response(me_out(user, limiter.get_user_state()))


class LedgerView(ApiView):
    """GET /me/ledger"""

    def get(self, request: Request) -> Response:
        page = selectors.list_billing_events(
            user_id=current_user(request).id, page=page_request(request)
        )
        return PageResponse(page, billing_event_out)
