"""Refresh, reuse, sign-out and deactivation: docs/adr/0004-sessions.md"""

import hashlib
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from django.conf import settings
from django.db.models import F
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings

from s3project import ids
from s3project.testing.api import Answer, Api
from s3project.testing.race import names, race, race_without_locks
from s3project.testing.sql import recorded_statements
from users import services
from users.auth import issue_token
from users.errors import TokenInvalid
from users.models import Session, SpentRefreshToken, User
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

DEVICE = "d" * 32
INVALID = (401, "TOKEN_INVALID")


def sign_in() -> dict[str, Any]:
    data: dict[str, Any] = Api().post("/auth/anon", {"device_hash": DEVICE}).data
    return data


def refresh(token: object) -> Answer:
    return Api().post("/auth/refresh", {"refresh": token})


def me(token: str) -> Answer:
    return Api(token).get("/me")


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, settings.JWT_SECRET, algorithms=["HS256"])


def age_spent_tokens(**age: float) -> None:
    SpentRefreshToken.objects.update(spent_at=F("spent_at") - timedelta(**age))


def rows() -> list[tuple[Any, ...]]:
    sessions = Session.objects.order_by("pk").values_list("pk", "refresh_digest", "revoked_at")
    return [*sessions, *SpentRefreshToken.objects.order_by("pk").values_list("pk", "session_id")]


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


def test_a_sign_up_costs_one_insert_more_than_the_user_and_the_credits() -> None:
    with recorded_statements() as statements:
        Api().post("/auth/anon")

    assert [statement.split('"')[1] for statement in statements] == [
        "users_user",
        "users_userlimiter",
        "billing_events",
        "users_session",
    ]
    assert all(statement.startswith("INSERT") for statement in statements)


def test_the_device_of_a_deactivated_user_gets_no_token() -> None:
    sign_in()
    User.objects.update(is_active=False)
    before = rows()

    answer = Api().post("/auth/anon", {"device_hash": DEVICE})

    assert answer.refusal == INVALID
    assert (User.objects.count(), rows()) == (1, before)


# --- Refresh ---------------------------------------------------------------------------------


def test_a_refresh_token_buys_a_new_pair() -> None:
    first = sign_in()

    second = refresh(first["refresh"]).data

    assert set(second) == {"token", "refresh"}
    assert me(second["token"]).data["user_id"] == first["user_id"]
    assert claims_of(second["token"])["jti"] != claims_of(first["token"])["jti"]
    assert me(first["token"]).status == 200  # lives until its own end
    third = refresh(second["refresh"]).data
    assert len({first["refresh"], second["refresh"], third["refresh"]}) == 3


def test_a_refresh_prolongs_the_session() -> None:
    token = sign_in()["refresh"]
    Session.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    refresh(token)

    left = Session.objects.get().expires_at - timezone.now()
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)


def test_an_expired_refresh_token_is_refused() -> None:
    token = sign_in()["refresh"]
    Session.objects.update(expires_at=timezone.now())
    before = rows()

    assert refresh(token).refusal == INVALID
    assert rows() == before


def test_lifetimes_are_settings(settings: Settings) -> None:
    settings.REFRESH_LIFETIME = timedelta(days=7)

    refresh(sign_in()["refresh"])

    session = Session.objects.get()
    assert timedelta(days=6) < session.expires_at - timezone.now() <= timedelta(days=7)


@pytest.mark.parametrize("token", ["", "rt_", "rt_" + "x" * 43, "x" * 5000, "비밀"])
def test_an_unknown_refresh_token_is_refused(token: str) -> None:
    sign_in()
    before = rows()

    assert refresh(token).refusal == INVALID
    assert rows() == before


@pytest.mark.parametrize(
    "body", [None, {}, {"refresh": None}, {"refresh": 1}, {"refresh": []}, {"refresh": "\x00"}]
)
def test_a_refresh_without_a_text_is_malformed(body: object) -> None:
    answer = Api().post("/auth/refresh", body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["refresh"]


def test_access_and_refresh_tokens_do_not_stand_in_for_each_other() -> None:
    data = sign_in()
    before = rows()

    assert me(data["refresh"]).refusal == INVALID
    assert refresh(data["token"]).refusal == INVALID
    assert rows() == before


def test_a_refresh_needs_no_access_token_and_looks_at_none() -> None:
    token = sign_in()["refresh"]

    assert Api("garbage").post("/auth/refresh", {"refresh": token}).status == 200


def test_a_refresh_takes_three_statements() -> None:
    token = sign_in()["refresh"]

    with recorded_statements() as statements:
        refresh(token)

    assert [statement.split()[0] for statement in statements] == ["SELECT", "INSERT", "UPDATE"]
    assert statements[0].endswith('FOR UPDATE OF "users_session"')


# --- Reuse -----------------------------------------------------------------------------------


def test_a_spent_refresh_token_is_refused() -> None:
    token = sign_in()["refresh"]
    refresh(token)
    before = rows()

    assert refresh(token).refusal == INVALID
    assert rows() == before


def test_a_spent_token_that_comes_again_at_once_leaves_the_session_alone() -> None:
    first = sign_in()["refresh"]
    second = refresh(first).data["refresh"]

    assert refresh(first).refusal == INVALID

    assert refresh(second).status == 200


def test_a_spent_token_that_comes_again_later_ends_the_session() -> None:
    data = sign_in()
    current = refresh(data["refresh"]).data
    age_spent_tokens(seconds=11)

    assert refresh(data["refresh"]).refusal == INVALID

    assert refresh(current["refresh"]).refusal == INVALID
    assert me(current["token"]).refusal == INVALID
    assert me(data["token"]).refusal == INVALID


def test_a_token_spent_many_refreshes_ago_ends_the_session_too() -> None:
    first = current = sign_in()["refresh"]
    for _ in range(5):
        current = refresh(current).data["refresh"]
    age_spent_tokens(seconds=11)

    assert refresh(first).refusal == INVALID

    assert refresh(current).refusal == INVALID


def test_a_replay_ends_one_session_only() -> None:
    stolen, other = sign_in(), sign_in()
    refresh(stolen["refresh"])
    age_spent_tokens(seconds=11)

    refresh(stolen["refresh"])

    assert me(other["token"]).status == 200
    assert refresh(other["refresh"]).status == 200


def test_without_leeway_the_first_replay_ends_the_session(settings: Settings) -> None:
    settings.REFRESH_REUSE_LEEWAY = timedelta(0)
    first = sign_in()["refresh"]
    second = refresh(first).data["refresh"]

    refresh(first)

    assert refresh(second).refusal == INVALID


def test_a_replay_is_logged_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    token = sign_in()["refresh"]
    refresh(token)
    age_spent_tokens(seconds=11)

    refresh(token)
    refresh(token)

    messages = [r.getMessage() for r in caplog.records if r.name == "users.services"]
    assert messages == [
        f"a spent refresh token came again: session {Session.objects.get().id} revoked"
    ]
    assert token not in caplog.text


# --- Races -----------------------------------------------------------------------------------


def exchange(token: str) -> str:
    services.refresh_session(refresh=token)
    return "new pair"


@pytest.mark.django_db(transaction=True)
def test_of_refreshes_with_one_token_exactly_one_wins_and_stays_signed_in() -> None:
    token = services.sign_up_anonymously().refresh

    outcomes = race(*[lambda: exchange(token)] * 8)

    assert names(outcomes) == ["TokenInvalid"] * 7 + ["new pair"]
    assert SpentRefreshToken.objects.count() == 1
    assert Session.objects.get().revoked_at is None


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_key_of_spent_tokens_still_stops_the_second() -> None:
    token = services.sign_up_anonymously().refresh

    outcomes = race_without_locks(*[lambda: exchange(token)] * 2)

    assert names(outcomes) == ["IntegrityError", "new pair"]
    assert SpentRefreshToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_refresh_never_survives_a_sign_out_that_it_raced_with() -> None:
    for _ in range(5):
        signed_in = services.sign_up_anonymously()
        token, session_id = signed_in.refresh, signed_in.session_id

        def leave(session_id: UUID = session_id) -> str:
            services.sign_out(session_id=session_id)
            return "signed out"

        def go_on(token: str = token) -> str:
            return services.refresh_session(refresh=token).refresh

        _, refreshed = race(leave, go_on)

        left = refreshed if isinstance(refreshed, str) else token
        with pytest.raises(TokenInvalid):
            services.refresh_session(refresh=left)


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

    assert len(statements) == 2
    assert "FROM users_user" in statements[0]
    assert "users_session" in statements[0]
    assert "users_userlimiter" in statements[1]


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
