"""Access tokens: HS256 JWTs with the claims sub, iat, exp and jti (contract §3.2)."""

import math
import secrets
import time
from functools import cache, lru_cache
from typing import Any, Self
from uuid import UUID

import jwt
from django.conf import settings
from jwt.types import Options
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.tokens import AccessToken as SimpleAccessToken

from s3project import ids

# Tokens of a web process whose signature was verified; a few MiB.
REMEMBERED = 8192


class RotatingKeys(TokenBackend):
    """Signs with the first key and verifies with all of them, so that a key can be replaced
    without ending the tokens that the old one signed.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__("HS256", keys[0])
        self._keys = keys

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        claims = _verified(token, self._keys)
        if claims.get("exp", math.inf) <= time.time():
            raise TokenBackendExpiredToken("The token has expired.")
        return claims.copy()


@lru_cache(maxsize=REMEMBERED)
def _verified(token: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    """The claims of a token with one of our signatures, which costs more to verify than the rest of
    a request's authentication. A client sends the same one for days; what is refused is not
    remembered.
    """
    # `iat` in the future is another host's clock, no reason to refuse a token just issued.
    options: Options = {"verify_iat": False}
    for key in keys:
        try:
            return jwt.decode(token, key, ["HS256"], options)
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise TokenBackendExpiredToken("The token has expired.") from None
        except jwt.InvalidTokenError:
            break
    raise TokenBackendError("The token is not valid.")


@cache
def _backend(keys: tuple[str, ...]) -> RotatingKeys:
    return RotatingKeys(keys)


class AccessToken(SimpleAccessToken):
    """A new token, or one that was sent and is verified here.

    `jti` is `<session>.<random>`: unique for each token, and it names the session that issued
    the token and can be revoked.
    """

    @classmethod
    def of(cls, user_id: UUID, session_id: UUID | None) -> Self:
        """Says who and until when, and nothing that can change."""
        token = cls()
        unique = secrets.token_hex(8)
        token.payload = {
            "sub": ids.public_id(ids.USER, user_id),
            "iat": token["iat"],
            "exp": token["exp"],
            "jti": unique if session_id is None else f"{session_id.hex}.{unique}",
        }
        return token

    @property
    def token_backend(self) -> TokenBackend:
        return _backend(tuple(settings.JWT_SECRETS))

    @property
    def user_id(self) -> UUID | None:
        return ids.parse_public_id(ids.USER, self.get("sub", ""))

    @property
    def session_id(self) -> UUID | None:
        """None for a token with our signature that no sign-in issued."""
        session, dot, _ = self["jti"].partition(".")
        return UUID(hex=session) if dot and ids.HEX32.fullmatch(session) else None
