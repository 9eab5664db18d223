"""Who sends a request: `Authorization: Bearer <JWT>` (contract §3.1)."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken

from s3project import ids
from users.errors import AuthRequired, TokenExpired, TokenInvalid
from users.models import User


def issue_token(user: User) -> str:
    """A signed token with the claims sub, iat, exp and jti, and nothing that can change."""
    token = AccessToken()
    # simplejwt writes the type claim even where the settings name none, under the key None.
    token.payload = {claim: value for claim, value in token.payload.items() if claim}
    token["sub"] = user.public_id
    return str(token)


def current_user(request: Request) -> User:
    """The user that TokenAuthentication let in."""
    user = request.user
    assert isinstance(user, User), "the view lets anonymous requests in"
    return user


class TokenAuthentication(BaseAuthentication):
    """One query: the user, who must exist and be active.

    Raises AuthRequired, TokenExpired or TokenInvalid, decided by the exception's type.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessToken]:
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthRequired
        try:
            token = AccessToken(raw.strip().encode())
        except ExpiredTokenError:
            raise TokenExpired from None
        except TokenError:
            raise TokenInvalid from None
        user_id = ids.parse_public_id(ids.USER, token.get("sub", ""))
        if user_id is None:
            raise TokenInvalid
        try:
            return User.objects.get(pk=user_id, is_active=True), token
        except User.DoesNotExist:
            raise TokenInvalid from None
