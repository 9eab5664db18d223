"""Using the service for nothing, or up, by anybody who can sign up."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models.functions import Now
from django.utils import timezone

from jobs import keys
from jobs.storage.bucket import photo_storage
from s3project import ids
from s3project.celery import app
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.waiting import wait_until
from users.invites import make_invite
from users.models import UserLimiter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"
MIB = 1024**2
LIMITS = {
    "CREATE_RATE": "5/hour",
    "NEW_USER_RATE": "3/day",
    "CALLBACK_FAILURE_RATE": "5/hour",
    "STORAGE_QUOTA_MIB": "3",
    # So that strangers have addresses of their own, which limits remember from test to test.
    "FRONT_TRUSTED_PROXIES": "127.0.0.0/8",
}


@pytest.fixture(scope="module")
def stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("abused")) as live:
        live.start_web(workers=1, **LIMITS)
        live.start_maintenance()
        yield live


# The block that is set aside for measurements (RFC 2544). By chance two would meet now and then.
ADDRESSES = (f"198.18.{third}.{last}" for third in range(256) for last in range(1, 255))


class Stranger:
    """Somebody at an address, and the user that was made for them."""

    def __init__(self, stack: LiveStack) -> None:
        self.base_url = stack.base_url
        self.headers = {"X-Forwarded-For": next(ADDRESSES)}
        self.user_id = ""

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> requests.Response:
        headers = dict(self.headers)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(
            method, f"{self.base_url}{path}", json=body, headers=headers, timeout=60
        )

    def sign_up(self, **body: Any) -> requests.Response:
        answer = self.call("POST", "/auth/anon", body)
        if answer.ok:
            data = answer.json()["data"]
            self.user_id = data["user_id"]
            self.headers["Authorization"] = f"Bearer {data['token']}"
        return answer

    def create(self, items: int = 1) -> requests.Response:
        return self.call("POST", "/jobs", {"preset": "interior", "item_count": items})


def code_of(answer: requests.Response) -> str:
    return str((answer.json()["error"] or {}).get("code"))


def test_creating_and_canceling_for_ever_ends_with_the_rate(stack: LiveStack) -> None:
    loop = Stranger(stack)
    loop.sign_up()

    created = []
    for _ in range(7):
        created.append(loop.create(10))
        if created[-1].ok:
            job_id = created[-1].json()["data"]["job_id"]
            assert loop.call("POST", f"/jobs/{job_id}/cancel").status_code == 200

    assert [answer.status_code for answer in created] == [201] * 5 + [429] * 2
    assert code_of(created[-1]) == "RATE_LIMITED"
    assert 0 < int(created[-1].headers["Retry-After"]) <= 3600
    assert loop.call("GET", "/me").json()["data"]["credits"] == 10


def test_a_farm_of_users_ends_with_the_rate_and_who_is_known_comes_in(stack: LiveStack) -> None:
    farm, neighbour = Stranger(stack), Stranger(stack)
    device = f"{random.getrandbits(128):032x}{DEVICE}"
    first = farm.sign_up(device_hash=device)

    rest = [farm.sign_up() for _ in range(4)]
    again = farm.sign_up(device_hash=device)

    assert [answer.status_code for answer in (first, *rest)] == [200, 200, 200, 429, 429]
    assert again.json()["data"]["user_id"] == first.json()["data"]["user_id"]
    assert neighbour.sign_up().status_code == 200


def test_guessing_the_callback_secret_ends_with_the_rate_and_the_right_one_passes(
    stack: LiveStack,
) -> None:
    guesser = Stranger(stack)
    path = f"/jobs/{ids.public_id(ids.JOB, ids.new_id())}/claim"
    body = {"items": [0], "attempt": 1, "worker": "stranger:1"}

    guesses = [guesser.call("POST", path, body, token=f"guess-{n}") for n in range(7)]
    right = guesser.call("POST", path, body, token=stack.environment["GPU_CALLBACK_SECRET"])

    assert [answer.status_code for answer in guesses] == [403] * 5 + [429] * 2
    assert (right.status_code, code_of(right)) == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("device_hash", ["0" * 64, "ab" * 32, "0123456789abcdef" * 4])
def test_a_device_hash_that_anybody_could_send_is_nobodys_login(
    stack: LiveStack, device_hash: str
) -> None:
    one, other = Stranger(stack), Stranger(stack)

    assert one.sign_up(device_hash=device_hash).json()["data"]["is_new"]
    assert other.sign_up(device_hash=device_hash).json()["data"]["is_new"]
    assert one.user_id != other.user_id


def test_an_upload_of_any_size_does_not_stay(stack: LiveStack) -> None:
    sender = Stranger(stack)
    sender.sign_up()
    job = sender.create(2).json()["data"]
    sizes = (30 * MIB, 1 * MIB)
    for upload, size in zip(job["upload"], sizes, strict=True):
        requests.put(upload["url"], data=b"x" * size, timeout=60).raise_for_status()

    confirmed = sender.call("POST", f"/jobs/{job['job_id']}/confirm-upload").json()["data"]

    assert confirmed["problems"] == [{"idx": 0, "problem": "too_large"}]
    folder = job["upload"][0]["key"].removesuffix("0.jpg")
    wait_until(lambda: list(photo_storage().sizes(folder).values()) == [0, MIB], seconds=60)


def test_what_one_user_keeps_has_an_end(stack: LiveStack) -> None:
    hoarder = Stranger(stack)
    hoarder.sign_up()
    job = hoarder.create().json()["data"]
    requests.put(job["upload"][0]["url"], data=b"x" * 4 * MIB, timeout=60).raise_for_status()
    # Canceled: the credits are back, and the photo lies there for an hour.
    hoarder.call("POST", f"/jobs/{job['job_id']}/cancel")
    user_id = ids.parse_public_id(ids.USER, hoarder.user_id)
    assert user_id is not None
    assert hoarder.call("GET", "/me").json()["data"]["credits"] == 10
    UserLimiter.objects.filter(pk=user_id).update(stored_due_at=Now())

    app.send_task("jobs.count_storage", queue="maintenance")
    wait_until(lambda: UserLimiter.objects.get(pk=user_id).stored_bytes > 0, seconds=90)
    refused = hoarder.create()

    assert (refused.status_code, code_of(refused)) == (403, "STORAGE_QUOTA")
    assert refused.json()["error"]["details"] == {"used_mib": 4, "limit_mib": 3}
    assert hoarder.call("GET", "/me").json()["data"]["storage"]["used_mib"] == 4

    photo_storage().delete_below(keys.user_prefixes(user_id))
    UserLimiter.objects.filter(pk=user_id).update(stored_due_at=Now())
    app.send_task("jobs.count_storage", queue="maintenance")
    wait_until(lambda: UserLimiter.objects.get(pk=user_id).stored_bytes == 0, seconds=90)
    assert hoarder.create().status_code == 201


def test_where_an_invite_is_asked_for_a_farm_needs_one_for_each_user(stack: LiveStack) -> None:
    stack.kill("web")
    stack.start_web(workers=1, **LIMITS, SIGNUP_PROOF="invite")
    code = make_invite(uses=1, expires_at=timezone.now() + timedelta(hours=1))[1]

    answers = [Stranger(stack).sign_up(invite=word) for word in ("", "s3i_guess", code, code)]

    assert [answer.status_code for answer in answers] == [403, 403, 200, 403]
    assert code_of(answers[-1]) == "SIGNUP_REFUSED"
