"""Refresh tokens and their second use: docs/adr/0004-sessions.md"""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from s3project.testing.api import Api
from s3project.testing.race import names, race, race_without_locks
from s3project.testing.sql import recorded_statements
from users import services
from users.errors import TokenInvalid
from users.models import Session, SpentRefreshToken
from users.tests.session_calls import (
    INVALID,
    age_spent_tokens,
    claims_of,
    me,
    refresh,
    rows,
    sign_in,
)

pytestmark = pytest.mark.django_db


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
    age_spent_tokens(seconds=61)

    assert refresh(data["refresh"]).refusal == INVALID

    assert refresh(current["refresh"]).refusal == INVALID
    assert me(current["token"]).refusal == INVALID
    assert me(data["token"]).refusal == INVALID


def test_a_token_spent_many_refreshes_ago_ends_the_session_too() -> None:
    first = current = sign_in()["refresh"]
    for _ in range(5):
        current = refresh(current).data["refresh"]
    age_spent_tokens(seconds=61)

    assert refresh(first).refusal == INVALID

    assert refresh(current).refusal == INVALID


def test_a_replay_ends_one_session_only() -> None:
    stolen, other = sign_in(), sign_in()
    refresh(stolen["refresh"])
    age_spent_tokens(seconds=61)

    refresh(stolen["refresh"])

    assert me(other["token"]).status == 200
    assert refresh(other["refresh"]).status == 200


def test_without_leeway_the_first_replay_ends_the_session(settings: Settings) -> None:
    settings.REFRESH_REUSE_LEEWAY = timedelta(0)
    first = sign_in()["refresh"]
    second = refresh(first).data["refresh"]

    refresh(first)

    assert refresh(second).refusal == INVALID


def test_a_repeat_within_a_minute_is_told_that_the_session_goes_on() -> None:
    first = sign_in()
    second = refresh(first["refresh"]).data

    again = refresh(first["refresh"])

    assert again.refusal == INVALID
    assert again.error["message"] == (
        "This refresh token was exchanged a moment ago: use the tokens of that answer. The session "
        "goes on, and its access token lives to its end."
    )
    assert me(first["token"]).status == me(second["token"]).status == 200
    assert refresh(second["refresh"]).status == 200


def test_an_access_token_in_place_of_a_refresh_token_is_told_apart() -> None:
    answer = refresh(sign_in()["token"])

    assert answer.error["message"] == (
        "A refresh token begins with rt_: it is the one named refresh, not the access token."
    )


def test_a_replay_is_logged_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    token = sign_in()["refresh"]
    refresh(token)
    age_spent_tokens(seconds=61)

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

        left_at_once, refreshed = race(leave, go_on)

        assert left_at_once == "signed out"
        left = refreshed if isinstance(refreshed, str) else token
        with pytest.raises(TokenInvalid):
            services.refresh_session(refresh=left)
