"""401 by case: contract §3.1."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings

from s3project.testing.api import Api
from users.api.auth import issue_token
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

UNAUTHENTICATED = ["/me", "/jobs/job_unknown"]


def claims_of(user: User, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"sub": user.public_id, "iat": now, "exp": now + 60, "jti": "x"}
    return {key: value for key, value in {**claims, **changes}.items() if value is not None}


def sign(claims: dict[str, Any], secret: str | None = None, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret or settings.JWT_SECRET, algorithm=algorithm)


def unsigned(user: User) -> str:
    """`alg: none`, with an empty signature."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims_of(user))}."


@pytest.mark.parametrize("path", UNAUTHENTICATED)
@pytest.mark.parametrize(
    "header", [None, "Basic dXNlcjpwYXNz", "Token x", "x.y.z", "Bearerx", "bear er"]
)
def test_no_token_or_another_scheme_asks_for_one(path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = Api().get(path, **headers)

    assert answer.refusal == (401, "AUTH_REQUIRED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_is_told_apart() -> None:
    user = make_user()
    token = sign(claims_of(user, exp=int(time.time()) - 1))

    assert Api(token).get("/me").refusal == (401, "TOKEN_EXPIRED")


BAD_TOKENS: dict[str, Callable[[User], str]] = {
    "signed with another secret": lambda user: sign(claims_of(user), "x" * 32),
    "expired and signed with another secret": lambda user: sign(claims_of(user, exp=1), "x" * 32),
    "signed with another algorithm": lambda user: sign(
        claims_of(user), settings.JWT_SECRET * 2, "HS512"
    ),
    "unsigned": unsigned,
    "without an end": lambda user: sign(claims_of(user, exp=None)),
    "without a user": lambda user: sign(claims_of(user, sub=None)),
    "of an unknown user": lambda user: sign(claims_of(user, sub="u_" + "0" * 32)),
    "of no user's id": lambda user: sign(claims_of(user, sub=str(user.id))),
    "of a job": lambda user: sign(claims_of(user, sub=user.public_id.replace("u_", "job_"))),
    "of a user in capitals": lambda user: sign(claims_of(user, sub=user.public_id.upper())),
    "with a number for a user": lambda user: sign(claims_of(user, sub=7)),
    "with an object for a user": lambda user: sign(claims_of(user, sub={"id": 7})),
    "garbage": lambda user: "garbage",
    "three parts of garbage": lambda user: "a.b.c",
    "empty": lambda user: "",
    "blank": lambda user: "   ",
    "beyond ascii": lambda user: "\xff\xfe.x.y",
    "two tokens": lambda user: f"{issue_token(user)} {issue_token(user)}",
    "cut short": lambda user: issue_token(user)[:-1],
    "very long": lambda user: "a" * 100_000,
}


@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_is_not_ours_is_invalid(make: Callable[[User], str]) -> None:
    answer = Api(make(make_user())).get("/me")

    assert answer.refusal == (401, "TOKEN_INVALID")


def test_a_header_that_the_web_server_could_not_read_is_no_token() -> None:
    """It hands over an empty one in its place, as for one that was empty."""
    answer = Api().get("/me", Authorization="")

    assert answer.refusal == (401, "TOKEN_INVALID")
    assert answer.error["message"] == (
        "The Authorization header is empty or not ASCII: send Bearer <token>."
    )


BARE = "The token is in quotes or brackets: send it bare, as Bearer <token> without the < and >."
NONE = "There is no token after Bearer: POST /auth/anon gives one."


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Bearer", NONE),
        ("Bearer ", NONE),
        ("Bearer null", NONE),
        ("Bearer undefined", NONE),
        ("Bearer None", NONE),
        ('Bearer "eyJhbGciOiJIUzI1NiJ9.e30.x"', BARE),
        ("Bearer <eyJhbGciOiJIUzI1NiJ9.e30.x>", BARE),
        ("Bearer {token}", BARE),
        ("Bearer $TOKEN", "The token is unknown, damaged, spent or signed out: sign in again."),
        (
            "Bearer rt_zR3n5xk0W7QpVtY1sJbG8mLfHc2dAeUo4KiXy6PwN9M",
            "This is a refresh token: POST /auth/refresh gives the token for it.",
        ),
    ],
)
def test_what_stands_in_place_of_a_token_is_named(header: str, message: str) -> None:
    answer = Api().get("/me", Authorization=header)

    assert answer.refusal == (401, "TOKEN_INVALID")
    assert answer.error["message"] == message


def test_an_inactive_user_is_kept_out_with_a_valid_token() -> None:
    user = make_user()
    api = api_of(user)
    assert api.get("/me").status == 200

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert api.get("/me").refusal == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(scheme: str) -> None:
    user = make_user()

    answer = Api().get("/me", Authorization=f"{scheme} {issue_token(user)}")

    assert answer.data["user_id"] == user.public_id


def test_the_session_of_an_operator_is_no_login_to_the_api() -> None:
    operator = User.objects.create_superuser("operator@example.org", "secret")
    api = Api()
    api._client.force_login(operator)

    assert api.get("/me").refusal == (401, "AUTH_REQUIRED")


def test_authentication_comes_before_the_body_and_the_job() -> None:
    answer = Api().send("POST", "/jobs/job_unknown/execute", b"no json")

    assert answer.refusal == (401, "AUTH_REQUIRED")
