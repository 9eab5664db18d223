"""Who sends a request: a JWT (contract §3.1) or an API key (contract §3.8), as a bearer token."""

from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.streaks import record_streak
from s3project.acts.words import Action, ObjectKind
from s3project.logs.context import note
from users.credentials import Credential
from users.errors import AuthRequired, TokenExpired, TokenInvalid
from users.models import REFRESH_PREFIX, SIGNED_IN, ApiKey, User
from users.models.api_key import KEY_PREFIX, KeyHolder, key_digest
from users.tokens import AccessToken

LOG_SECONDS = 60
KEY_EXPIRED = "The API key has expired: make another one."
KEY_UNKNOWN = "There is no such API key, or not any more."
NO_SESSION = "An API key has no session: DELETE /me/keys/{id} ends it."
UNREADABLE = "The Authorization header is empty or not ASCII: send Bearer <token>."
NOTHING_SENT = "There is no token after Bearer: POST /auth/anon gives one."
MEANT_FOR_REFRESH = "This is a refresh token: POST /auth/refresh gives the token for it."
DRESSED = "The token is in quotes or brackets: send it bare, as Bearer <token> without the < and >."
# What programs write for a variable without a value.
NOTHINGS = frozenset({"", "null", "undefined", "None", "nil"})


def _what_is_wrong(raw: str) -> str:
    """Of a token that is none of ours; empty when it only looks damaged."""
    if raw in NOTHINGS:
        return NOTHING_SENT
    if raw.startswith(REFRESH_PREFIX):
        return MEANT_FOR_REFRESH
    return DRESSED if raw[0] in "\"'`<[{(" else ""


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
    if isinstance(token, KeyHolder):
        raise TokenInvalid(NO_SESSION)
    assert isinstance(token, AccessToken), "the view lets anonymous requests in"
    if token.session_id is None:
        raise TokenInvalid
    return token.session_id


def current_credential(request: Request) -> Credential:
    """By what the request's user was let in."""
    held = request.auth
    if isinstance(held, Credential):
        return held
    user_id = current_user(request).id
    if isinstance(held, KeyHolder):
        return Credential(user_id, key_id=held.key_id)
    assert isinstance(held, AccessToken), "the view lets anonymous requests in"
    return Credential(user_id, session_id=held.session_id)


class TokenAuthentication(BaseAuthentication):
    """One query: the user, who must exist and be active, in a session that was not revoked, or
    with a key that was not.

    Raises AuthRequired, TokenExpired or TokenInvalid, decided by the exception's type.
    """

    # What the documentation says of an endpoint behind it.
    scheme = "token"
    errors = (AuthRequired, TokenExpired, TokenInvalid)

    def authenticate(self, request: Request) -> tuple[User, AccessToken | KeyHolder | Credential]:
        sent: str | None = request._request.META.get("HTTP_AUTHORIZATION")
        if sent == "":
            # What the web server hands over in place of a header with bytes beyond ASCII.
            raise TokenInvalid(UNREADABLE)
        scheme, _, raw = (sent or "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthRequired
        raw = raw.strip()
        if raw.startswith(KEY_PREFIX):
            return _user_of_key(request, raw)
        try:
            token = AccessToken(raw.encode())  # type: ignore[arg-type]  # its stubs want a Token
        except ExpiredTokenError:
            raise TokenExpired from None
        except TokenError:
            raise TokenInvalid(_what_is_wrong(raw)) from None
        user_id = token.user_id
        user = user_id and self.find(request, user_id, token.session_id)
        if not user:
            if user_id and User.objects.filter(pk=user_id, is_active=False).exists():
                record_inactive(request, user_id)
            raise TokenInvalid
        note(user=user.public_id)
        return user, token

    def find(self, request: Request, user_id: UUID, session_id: UUID | None) -> User | None:
        """The active user, unless the session was revoked. One statement; a view's own may read
        with it what the view asks for.
        """
        found = SIGNED_IN.find(user_id, session_id)
        return found[0] if found is not None else None


def record_inactive(request: Request, user_id: UUID) -> None:
    """Somebody who was deactivated, or deleted the account, came back: a row for a streak."""
    record_streak(
        Action.INACTIVE_USER_REFUSED,
        actor=Actor.user(request._request, user_id),
        source=str(user_id),
        kind=ObjectKind.USER,
        object_id=ids.public_id(ids.USER, user_id),
        log_seconds=LOG_SECONDS,
    )


def _user_of_key(request: Request, key: str) -> tuple[User, KeyHolder]:
    """Raises TokenExpired or TokenInvalid."""
    holder = ApiKey.objects.holder(key)
    if holder is None:
        inactive = ApiKey.objects.filter(digest=key_digest(key), user__is_active=False).first()
        if inactive is not None:
            record_inactive(request, inactive.user_id)
        raise TokenInvalid(KEY_UNKNOWN)
    if holder.has_expired:
        raise TokenExpired(KEY_EXPIRED)
    note(user=holder.user.public_id)
    return holder.user, holder
