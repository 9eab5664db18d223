"""Sign-in, sign-out, deactivation and keys: docs/adr/0004-sessions.md"""

import hashlib
import re
import time
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from s3project import ids
from s3project.testing.api import Api
from s3project.testing.sql import recorded_statements
from users import services
from users.api.auth import issue_token
from users.models import Session, SpentRefreshToken, User
from users.tests.factories import make_user
from users.tests.session_calls import (
    DEVICE,
    INVALID,
    claims_of,
    me,
    refresh,
    rows,
    sign_in,
)

pytestmark = pytest.mark.django_db


# --- Signing in ------------------------------------------------------------------------------


def test_each_sign_in_is_a_session_of_its_own() -> None:
    first, second = sign_in(), sign_in()

    assert first["user_id"] == second["user_id"]
    assert first["refresh"] != second["refresh"]
    user_ids = Session.objects.values_list("user_id", flat=True)
    expected = ids.parse_public_id(ids.USER, first["user_id"])
    assert list(user_ids) == [expected, expected]


def test_the_token_names_its_session_and_carries_four_claims() -> None:
    data = sign_in()

    claims = claims_of(data["token"])
    session = Session.objects.get()
    assert set(claims) == {"sub", "iat", "exp", "jti"}
    assert claims["jti"].partition(".")[0] == session.id.hex
    assert session.expires_at - session.created_at == timedelta(days=90)


def test_only_the_digest_of_a_refresh_token_is_stored() -> None:
    first = sign_in()["refresh"]
    second = refresh(first).data["refresh"]

    session, spent = Session.objects.values().get(), SpentRefreshToken.objects.values().get()
    assert session["refresh_digest"] == hashlib.sha256(second.encode()).hexdigest()
    assert spent["digest"] == hashlib.sha256(first.encode()).hexdigest()
    assert first not in f"{session}{spent}"
    assert second not in f"{session}{spent}"


def test_tokens_are_not_for_caches() -> None:
    signed_in = Api().post("/auth/anon")

    assert signed_in.headers["Cache-Control"] == "no-store"
    assert refresh(signed_in.data["refresh"]).headers["Cache-Control"] == "no-store"


def test_a_sign_up_costs_one_insert_more_than_the_user_with_the_credits() -> None:
    with recorded_statements() as statements:
        Api().post("/auth/anon")

    inserted = [re.findall(r'INSERT INTO "(\w+)"', statement) for statement in statements]
    assert inserted == [["users_user", "users_userlimiter", "billing_events"], ["users_session"]]


def test_the_device_of_a_deactivated_user_gets_no_token() -> None:
    sign_in()
    User.objects.update(is_active=False)
    before = rows()

    answer = Api().post("/auth/anon", {"device_hash": DEVICE})

    assert answer.refusal == INVALID
    assert (User.objects.count(), rows()) == (1, before)


# --- Sign-out --------------------------------------------------------------------------------


def test_a_sign_out_ends_the_access_and_the_refresh_token_at_once() -> None:
    data = sign_in()

    answer = Api(data["token"]).post("/auth/sign-out")

    assert (answer.status, answer.data) == (200, {"signed_out": True})
    assert me(data["token"]).refusal == INVALID
    assert refresh(data["refresh"]).refusal == INVALID
    assert Api(data["token"]).post("/auth/sign-out").refusal == INVALID


def test_a_sign_out_ends_all_access_tokens_of_the_session() -> None:
    first = sign_in()
    second = refresh(first["refresh"]).data

    Api(second["token"]).post("/auth/sign-out")

    assert me(first["token"]).refusal == INVALID


def test_other_sessions_of_the_user_go_on() -> None:
    here, elsewhere = sign_in(), sign_in()

    Api(here["token"]).post("/auth/sign-out")

    assert me(elsewhere["token"]).status == 200
    assert refresh(elsewhere["refresh"]).status == 200


def test_a_sign_in_within_the_second_of_a_sign_out_is_good() -> None:
    """What comparing `iat` with a moment of sign-out would get wrong."""
    for _ in range(3):
        data = sign_in()
        assert me(data["token"]).status == 200
        Api(data["token"]).post("/auth/sign-out")
        assert me(data["token"]).refusal == INVALID
    assert me(sign_in()["token"]).status == 200


def test_a_sign_out_needs_a_token() -> None:
    assert Api().post("/auth/sign-out").refusal == (401, "AUTH_REQUIRED")


def test_a_sign_out_ignores_its_body() -> None:
    assert Api(sign_in()["token"]).send("POST", "/auth/sign-out", b"no json").status == 200


def test_a_token_of_no_session_cannot_sign_out_and_says_so() -> None:
    api = Api(issue_token(make_user()))
    before = rows()

    assert api.get("/me").status == 200
    assert api.post("/auth/sign-out").refusal == INVALID
    assert rows() == before


def test_a_sign_out_takes_two_statements() -> None:
    api = Api(sign_in()["token"])

    with recorded_statements() as statements:
        api.post("/auth/sign-out")

    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE"]


def test_authentication_takes_one_statement() -> None:
    api = Api(sign_in()["token"])

    with recorded_statements() as statements:
        api.get("/me")

    [statement] = statements
    assert "FROM users_user" in statement
    assert "users_session" in statement
    assert "users_userlimiter" in statement  # what was asked for


# --- Deactivation ----------------------------------------------------------------------------


def test_a_deactivated_user_is_out_at_the_next_request_and_back_when_reactivated() -> None:
    data = sign_in()

    User.objects.update(is_active=False)

    assert me(data["token"]).refusal == INVALID
    assert refresh(data["refresh"]).refusal == INVALID
    User.objects.update(is_active=True)
    assert me(data["token"]).status == 200
    assert refresh(data["refresh"]).status == 200


# --- Keys ------------------------------------------------------------------------------------

OLD, NEW = "old-" * 8, "new-" * 8


def test_a_replaced_key_still_verifies_and_the_new_one_signs() -> None:
    with override_settings(JWT_SECRETS=[OLD]):
        before = sign_in()["token"]
    with override_settings(JWT_SECRETS=[NEW, OLD]):
        after = sign_in()["token"]
        assert me(before).status == 200
        assert me(after).status == 200
    jwt.decode(after, NEW, algorithms=["HS256"])
    with override_settings(JWT_SECRETS=[NEW]):
        assert me(before).refusal == INVALID
        assert me(after).status == 200


@pytest.mark.parametrize("key", [OLD, NEW])
def test_an_expired_token_is_told_apart_under_every_key(key: str) -> None:
    claims = {**claims_of(sign_in()["token"]), "exp": int(time.time()) - 1}
    with override_settings(JWT_SECRETS=[NEW, OLD]):
        expired = me(jwt.encode(claims, key))
        foreign = me(jwt.encode(claims, "third-key" * 4))

    assert expired.refusal == (401, "TOKEN_EXPIRED")
    assert foreign.refusal == INVALID


def test_the_clock_of_another_host_may_be_ahead() -> None:
    claims = claims_of(sign_in()["token"])
    ahead = {**claims, "iat": claims["iat"] + 5}

    assert me(jwt.encode(ahead, settings.JWT_SECRET)).status == 200


# --- Clean-up --------------------------------------------------------------------------------


def test_a_session_is_kept_until_none_of_its_tokens_can_be_alive() -> None:
    dead, dying, alive = (services.sign_up_anonymously() for _ in range(3))
    services.refresh_session(refresh=dead.refresh)
    for signed_in, days in ((dead, 30.001), (dying, 29.999)):
        expired_at = timezone.now() - timedelta(days=days)
        Session.objects.filter(pk=signed_in.session_id).update(expires_at=expired_at)

    assert Session.objects.delete_expired() == 1

    assert set(Session.objects.values_list("pk", flat=True)) == {dying.session_id, alive.session_id}
    assert SpentRefreshToken.objects.count() == 0
    assert User.objects.count() == 3
