"""Sign-up and `GET /me`."""

from rest_framework.request import Request
from rest_framework.response import Response

from s3project.api import ApiView, parse
from users import services
from users.auth import current_user, issue_token
from users.models import UserLimiter
from users.serializers import AnonymousSignUpIn, me_out, sign_up_out

SIGN_UP_IN = AnonymousSignUpIn()


class SignUpAnonymouslyView(ApiView):
    """POST /auth/anon"""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        args = parse(SIGN_UP_IN, request)
        sign_up = services.sign_up_anonymously(**args)
        return Response(sign_up_out(sign_up.user, issue_token(sign_up.user), sign_up.is_new))


class MeView(ApiView):
    """GET /me"""

    def get(self, request: Request) -> Response:
        user = current_user(request)
        limiter = UserLimiter.objects.get(pk=user.pk)
        limiter.user = user
        return Response(me_out(user, limiter.get_user_state()))
