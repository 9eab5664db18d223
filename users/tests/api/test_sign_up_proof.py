"""What POST /auth/anon asks of new users: SIGNUP_PROOF."""

import time
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings

from s3project.errors import Unavailable
from s3project.testing.api import Answer, Api
from users.invites import make_invite
from users.models import Invite, User

pytestmark = pytest.mark.django_db

DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"
HERE = __name__
ASKED: list[tuple[str, str]] = []


def captcha(proof: str, address: str) -> bool:
    """An operator's function."""
    ASKED.append((proof, address))
    return proof == "right"


def truthy(proof: str, address: str) -> object:
    return {"success": False}


async def forgotten_await(proof: str, address: str) -> bool:
    return False


def away(proof: str, address: str) -> bool:
    raise Unavailable


NO_FUNCTION = "text"


@pytest.fixture(autouse=True)
def _nobody_was_asked() -> None:
    ASKED.clear()


def sign_up(**body: object) -> Answer:
    return Api().post("/auth/anon", body)


def new_invite(uses: int = 1, seconds: float = 3600) -> str:
    expires_at = timezone.now() + timedelta(seconds=seconds)
    return make_invite(uses=uses, expires_at=expires_at)[1]


# --- Invites -------------------------------------------------------------------------------


def test_an_invite_lets_in_as_many_as_it_has_uses(settings: Settings) -> None:
    settings.SIGNUP_PROOF = "invite"
    code = new_invite(uses=2)

    answers = [sign_up(invite=code) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 403]
    assert answers[2].refusal == (403, "SIGNUP_REFUSED")
    assert answers[2].error["details"] == {"needs": "invite"}
    assert User.objects.count() == 2
    assert Invite.objects.get().uses_left == 0


@pytest.mark.parametrize("body", [{}, {"invite": None}, {"invite": ""}, {"invite": "s3i_no"}])
def test_nobody_comes_in_without_an_invite(settings: Settings, body: dict[str, object]) -> None:
    settings.SIGNUP_PROOF = "invite"
    new_invite()

    assert sign_up(**body).refusal == (403, "SIGNUP_REFUSED")
    assert not User.objects.exists()
    assert Invite.objects.get().uses_left == 1


def test_an_invite_is_over_when_its_time_is(settings: Settings) -> None:
    settings.SIGNUP_PROOF = "invite"
    code = new_invite(seconds=0.01)
    time.sleep(0.02)

    assert sign_up(invite=code).refusal == (403, "SIGNUP_REFUSED")


def test_a_returning_device_needs_no_invite_and_spends_none(settings: Settings) -> None:
    settings.SIGNUP_PROOF = "invite"
    code = new_invite(uses=2)

    first = sign_up(invite=code, device_hash=DEVICE).data
    again = [sign_up(device_hash=DEVICE).data, sign_up(invite=code, device_hash=DEVICE).data]

    assert [(data["user_id"], data["is_new"]) for data in again] == [(first["user_id"], False)] * 2
    assert Invite.objects.get().uses_left == 1


def test_only_a_digest_of_an_invite_is_stored() -> None:
    code = new_invite()

    assert len(code) == len("s3i_") + 24
    assert code not in str(Invite.objects.values().get())


def test_an_invite_that_is_no_text_is_refused_as_one() -> None:
    assert sign_up(invite=5).refusal == (400, "VALIDATION_ERROR")
    assert sign_up(proof=["right"]).refusal == (400, "VALIDATION_ERROR")


def test_where_no_proof_is_asked_for_neither_field_is_looked_at() -> None:
    assert sign_up(invite="s3i_no", proof="wrong").status == 200


# --- The operator's function ---------------------------------------------------------------


def test_an_operators_function_is_told_proof_and_address_and_decides(settings: Settings) -> None:
    settings.SIGNUP_PROOF = f"{HERE}.captcha"

    assert sign_up(proof="right").status == 200
    refused = sign_up(proof="wrong")

    assert refused.refusal == (403, "SIGNUP_REFUSED")
    assert refused.error["details"] == {"needs": "proof"}
    assert ASKED == [("right", "127.0.0.1"), ("wrong", "127.0.0.1")]
    assert User.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"proof": None}, {"proof": ""}, {"invite": "right"}])
def test_without_a_proof_it_is_not_even_asked(settings: Settings, body: dict[str, object]) -> None:
    settings.SIGNUP_PROOF = f"{HERE}.captcha"

    assert sign_up(**body).refusal == (403, "SIGNUP_REFUSED")
    assert ASKED == []


def test_it_is_not_asked_for_a_returning_device(settings: Settings) -> None:
    settings.SIGNUP_PROOF = f"{HERE}.captcha"
    first = sign_up(proof="right", device_hash=DEVICE).data
    ASKED.clear()

    for body in ({}, {"proof": "wrong"}):
        again = sign_up(device_hash=DEVICE, **body).data
        assert (again["user_id"], again["is_new"]) == (first["user_id"], False)
    assert ASKED == []


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("name", ["truthy", "forgotten_await"])
def test_only_true_admits(settings: Settings, name: str) -> None:
    settings.SIGNUP_PROOF = f"{HERE}.{name}"

    assert sign_up(proof="right").refusal == (403, "SIGNUP_REFUSED")


def test_it_may_say_that_it_is_away(settings: Settings) -> None:
    settings.SIGNUP_PROOF = f"{HERE}.away"

    assert sign_up(proof="right").refusal == (503, "UNAVAILABLE")
    assert not User.objects.exists()


@pytest.mark.parametrize("path", ["nowhere.at_all", f"{HERE}.nothing", f"{HERE}.NO_FUNCTION"])
def test_a_path_that_leads_nowhere_stops_the_start(settings: Settings, path: str) -> None:
    settings.SIGNUP_PROOF = path

    with pytest.raises(ImproperlyConfigured, match="SIGNUP_PROOF"):
        apps.get_app_config("users").ready()
