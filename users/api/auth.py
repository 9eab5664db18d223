"""Who sends a request: `Authorization: Bearer <JWT>` (contract §3.1)."""

from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from users.errors import AuthRequired, TokenExpired, TokenInvalid
from users.models import User
from users.tokens import AccessToken

UNREADABLE = "The Authorization header is empty or not ASCII: send Bearer <token>."


def issue_token(user: User, session_id: UUID | None = None) -> str:
    """A signed access token. Without a session only its end or the user's can end it."""
    return str(AccessToken.of(user.id, session_id))


def current_user(request: Request) -> User:
    """The user that TokenAuthentication let in."""
    user = request.user
    assert isinstance(user, User), "the view lets anonymous requests in"
    return user


def current_session_id(request: Request) -> UUID:
    """The session that issued the request's token; raises TokenInvalid when none did."""
    token = request.auth
    assert isinstance(token, AccessToken), "the view lets anonymous requests in"
    if token.session_id is None:
        raise TokenInvalid
    return token.session_id


class TokenAuthentication(BaseAuthentication):
    """One query: the user, who must exist and be active, in a session that was not revoked.

    Raises AuthRequired, TokenExpired or TokenInvalid, decided by the exception's type.
    """

    # What the documentation says of an endpoint behind it.
    scheme = "token"
    errors = (AuthRequired, TokenExpired, TokenInvalid)

    def authenticate(self, request: Request) -> tuple[User, AccessToken]:
        if request.META.get("HTTP_AUTHORIZATION") == "":
            # What the web server hands over in place of a header with bytes beyond ASCII.
            raise TokenInvalid(UNREADABLE)
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthRequired
        try:
            token = AccessToken(raw.strip().encode())
        except ExpiredTokenError:
            raise TokenExpired from None
        except TokenError:
            raise TokenInvalid from None
        user_id = token.user_id
        user = user_id and User.objects.signed_in(user_id, token.session_id)
        if not user:
            raise TokenInvalid
        return user, token
