"""An invite of one use, and many who have it at once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from s3project.testing.api import Api
from s3project.testing.race import race, race_without_locks
from users.invites import make_invite
from users.models import BillingEvent, Invite, User

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"
THREADS = 8


@pytest.fixture
def code(settings: Settings) -> str:
    settings.SIGNUP_PROOF = "invite"
    return make_invite(uses=1, expires_at=timezone.now() + timedelta(hours=1))[1]


def test_an_invite_of_one_use_admits_one(code: str) -> None:
    outcomes = race(*[lambda: Api().post("/auth/anon", {"invite": code}).status] * THREADS)

    assert sorted(map(str, outcomes)) == ["200"] + ["403"] * (THREADS - 1)
    assert User.objects.count() == BillingEvent.objects.count() == 1
    assert Invite.objects.get().uses_left == 0


def test_without_its_lock_all_would_have_found_it_good(code: str) -> None:
    """Only the CHECK of the table is left then: a mistake of ours in place of a refusal."""
    outcomes = race_without_locks(
        *[lambda: Api().post("/auth/anon", {"invite": code}).status] * THREADS
    )

    assert sorted(map(str, outcomes)) == ["200"] + ["500"] * (THREADS - 1)
    assert User.objects.count() == 1


def test_one_device_that_signs_up_many_times_at_once_spends_one_use(code: str) -> None:
    body = {"invite": code, "device_hash": DEVICE}

    outcomes = race(*[lambda: Api().post("/auth/anon", body).data["is_new"]] * THREADS)

    assert sorted(map(str, outcomes)) == ["False"] * (THREADS - 1) + ["True"]
    assert (User.objects.count(), Invite.objects.get().uses_left) == (1, 0)
