"""POST /auth/anon"""

import hashlib
import logging

import jwt
import pytest
from django.conf import settings

from s3project.testing.api import Answer, Api
from users.models import User
from users.tests.factories import ledger_of, limiter_of

pytestmark = pytest.mark.django_db

SECRET = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"


def sign_up(body: object = None) -> Answer:
    return Api().post("/auth/anon", body)


@pytest.mark.parametrize("body", [None, {}, {"device_hash": None}, {"unknown": 1}])
def test_anyone_becomes_a_new_user_with_the_credits_of_the_free_plan(body: object) -> None:
    answer = sign_up(body)

    assert answer.status == 200
    user = User.objects.get()
    assert answer.data["user_id"] == user.public_id
    assert (answer.data["plan"], answer.data["is_new"]) == ("free", True)
    assert ledger_of(user) == [("grant", 10, 10, "plan:free")]
    limiter = limiter_of(user)
    assert (limiter.credits, limiter.active_jobs, limiter.rule_slots_used) == (10, 0, 0)
    assert (user.auth_provider, user.email, user.device_hash) == ("anon", None, None)
    assert not user.has_usable_password()
    assert not user.is_staff


def test_the_token_is_accepted_and_says_nothing_that_can_change() -> None:
    data = sign_up().data

    claims = jwt.decode(data["token"], settings.JWT_SECRET, algorithms=["HS256"])

    assert set(claims) == {"sub", "iat", "exp", "jti"}
    assert claims["sub"] == data["user_id"]
    assert claims["exp"] - claims["iat"] == 30 * 24 * 60 * 60
    assert jwt.get_unverified_header(data["token"]) == {"alg": "HS256", "typ": "JWT"}
    assert Api(data["token"]).get("/me").data["user_id"] == data["user_id"]


def test_a_device_secret_finds_its_user_again() -> None:
    first = sign_up({"device_hash": SECRET}).data
    second = sign_up({"device_hash": SECRET}).data

    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["user_id"] == second["user_id"]
    assert first["token"] != second["token"]
    user = User.objects.get()
    assert ledger_of(user) == [("grant", 10, 10, "plan:free")]


def test_only_a_digest_of_the_device_secret_is_stored(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_up({"device_hash": SECRET})

    stored = User.objects.values().get()
    assert stored["device_hash"] == hashlib.sha256(SECRET.encode()).hexdigest()
    assert SECRET not in str(stored)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "short", ["", "x", SECRET[:31], "0" * 64, "0123456789abcdef" * 2, "비밀" * 16]
)
def test_a_device_hash_that_can_be_guessed_is_no_login(short: str) -> None:
    first = sign_up({"device_hash": short}).data
    second = sign_up({"device_hash": short}).data

    assert (first["is_new"], second["is_new"]) == (True, True)
    assert first["user_id"] != second["user_id"]
    assert list(User.objects.values_list("device_hash", flat=True)) == [None, None]


def test_different_devices_are_different_users() -> None:
    first = sign_up({"device_hash": SECRET}).data
    second = sign_up({"device_hash": SECRET + "0"}).data

    assert first["user_id"] != second["user_id"]


@pytest.mark.parametrize(
    "device_hash", [1, 1.5, True, [], {}, ["x" * 32], "x" * 1025, "\x00" * 40, "\ud800" * 40]
)
def test_a_device_hash_that_is_no_text_is_refused(device_hash: object) -> None:
    answer = sign_up({"device_hash": device_hash})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["device_hash"]
    assert User.objects.count() == 0


def test_a_device_hash_of_any_script_is_a_secret() -> None:
    secret = "가온누리미르다솜바람하늘별빛달무리여울시나브로아라해나루터꽃잎새벽"
    first = sign_up({"device_hash": secret}).data
    second = sign_up({"device_hash": secret}).data

    assert first["user_id"] == second["user_id"]


def test_a_token_that_is_none_does_not_keep_anyone_from_signing_up() -> None:
    answer = Api("garbage").post("/auth/anon")

    assert answer.data["is_new"] is True
