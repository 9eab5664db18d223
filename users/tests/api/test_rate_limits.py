"""429 and its headers, through the API: docs/authentication.md"""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
from pytest_django import Settings

from s3project.api.rates import Rate
from s3project.embedded.ports import HOST
from s3project.testing.api import Answer, Api
from s3project.testing.live import LiveStack
from s3project.testing.sql import recorded_statements
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

LIMITED = (429, "RATE_LIMITED")
# One member of a structured-field List (RFC 9651): a String with Integer parameters.
POLICY = re.compile(r'"([a-z-]+)";q=(\d+);w=(\d+)')
LIMIT = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')


@pytest.fixture(autouse=True)
def own_address(settings: Settings) -> str:
    """Each test is a client of its own; counts outlive a test."""
    settings.TRUSTED_PROXIES = 1
    return some_address()


def some_address() -> str:
    return "2001:db8:{:x}:{:x}::1".format(*divmod(uuid4().int % 2**32, 2**16))


def post(path: str, address: str, raw: bytes = b"") -> Answer:
    return Api().send("POST", path, raw, headers={"X-Forwarded-For": address})


def limits(answer: Answer) -> tuple[str, int, int, str, int, int]:
    """(policy, q, w, policy, r, t) of an answer's headers."""
    policy = POLICY.fullmatch(answer.headers["RateLimit-Policy"])
    limit = LIMIT.fullmatch(answer.headers["RateLimit"])
    assert policy is not None
    assert limit is not None
    return policy[1], int(policy[2]), int(policy[3]), limit[1], int(limit[2]), int(limit[3])


# --- Users -----------------------------------------------------------------------------------


def test_a_user_is_told_the_limit_and_held_to_it(settings: Settings) -> None:
    settings.USER_RATE = Rate(3, 3600)
    api = api_of(make_user())

    answers = [api.get("/me") for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [limits(answer)[:5] for answer in answers] == [
        ("user", 3, 3600, "user", left) for left in (2, 1, 0, 0)
    ]
    assert answers[3].refusal == LIMITED
    assert answers[3].headers["Retry-After"] == str(limits(answers[3])[5])
    assert 1190 <= int(answers[3].headers["Retry-After"]) <= 1200
    assert all("Retry-After" not in answer.headers for answer in answers[:3])


def test_refusals_are_counted_and_carry_the_headers_too(settings: Settings) -> None:
    settings.USER_RATE = Rate(3, 3600)
    api = api_of(make_user())

    answers = [api.get("/jobs/job_unknown"), api.post("/jobs", []), api.send("PATCH", "/me")]

    assert [answer.status for answer in answers] == [404, 400, 405]
    assert [limits(answer)[4] for answer in answers] == [2, 1, 0]
    assert api.get("/me").refusal == LIMITED


def test_a_user_who_makes_and_cancels_without_end_is_held_to_a_limit(settings: Settings) -> None:
    settings.CREATE_RATE = Rate(3, 3600)
    api = api_of(make_user())

    answers = []
    for _ in range(4):
        answers.append(api.post("/jobs", {"preset": "interior", "item_count": 1}))
        if answers[-1].status == 201:
            api.post(f"/jobs/{answers[-1].data['job_id']}/cancel")

    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    assert answers[3].refusal == LIMITED
    assert 1190 <= int(answers[3].headers["Retry-After"]) <= 1200
    assert answers[3].headers["RateLimit"].startswith('"create";r=0;t=')
    assert api.get("/jobs").status == 200
    assert api_of(make_user()).post("/jobs", {"preset": "interior", "item_count": 1}).status == 201


def test_deleting_and_saving_without_end_is_held_to_a_limit(settings: Settings) -> None:
    """Each answer with an Idempotency-Key is kept for a day."""
    settings.CREATE_RATE = Rate(3, 3600)
    api = api_of(make_user())
    job = api.post("/jobs", {"preset": "interior", "item_count": 1}).data["job_id"]
    api.post(f"/jobs/{job}/cancel")

    deleted = [
        api.send("DELETE", f"/jobs/{job}", headers={"Idempotency-Key": f"again-{number}"})
        for number in range(4)
    ]
    saved = [api.send("DELETE", "/rules/rule_unknown") for _ in range(4)]

    for answers in (deleted, saved):
        assert answers[3].refusal == LIMITED
        assert all(answer.status != 429 for answer in answers[:3])
    assert api.get("/jobs").status == 200


def test_an_answer_names_every_limit_that_a_request_falls_under(settings: Settings) -> None:
    settings.USER_RATE, settings.CREATE_RATE = Rate(9, 60), Rate(5, 3600)

    answer = api_of(make_user()).post("/jobs", {"preset": "interior", "item_count": 1})

    assert answer.headers["RateLimit-Policy"] == '"user";q=9;w=60, "create";q=5;w=3600'
    assert re.fullmatch(r'"user";r=8;t=\d+, "create";r=4;t=\d+', answer.headers["RateLimit"])


def test_a_limited_request_has_no_effect_and_asks_only_who_it_is(settings: Settings) -> None:
    settings.USER_RATE = Rate(1, 3600)
    user = make_user()
    api = api_of(user)
    api.get("/me")

    with recorded_statements() as statements:
        answer = api.post("/jobs", {"preset": "interior", "item_count": 1})

    assert answer.refusal == LIMITED
    assert len(statements) == 1
    assert user.billing_events.count() == 1


def test_users_are_counted_apart_and_their_tokens_together(settings: Settings) -> None:
    settings.USER_RATE = Rate(2, 3600)
    one, other = make_user(), make_user()

    assert [api_of(one).get("/me").status for _ in range(3)] == [200, 200, 429]
    assert api_of(other).get("/me").status == 200


def test_who_is_not_known_is_not_counted(settings: Settings) -> None:
    settings.USER_RATE = Rate(1, 3600)

    for _ in range(3):
        answer = Api("garbage").get("/me")
        assert answer.refusal == (401, "TOKEN_INVALID")
        assert "RateLimit" not in answer.headers


def test_workers_health_and_preflights_are_not_counted(settings: Settings) -> None:
    settings.USER_RATE = Rate(1, 3600)
    settings.GPU_CALLBACK_SECRETS = ["worker"]
    api = api_of(make_user())

    for _ in range(3):
        answers = [
            Api("worker").post("/jobs/job_unknown/callback", {}),
            Api("worker").post("/jobs/job_unknown/claim", {}),
            Api().get("/health"),
            api.send("OPTIONS", "/me"),
        ]
        assert [answer.status for answer in answers] == [404, 404, 200, 204]
        assert all("RateLimit" not in answer.headers for answer in answers)


# --- Addresses -------------------------------------------------------------------------------


def test_sign_ups_are_limited_by_address(settings: Settings, own_address: str) -> None:
    settings.ANON_SIGNUP_RATE = Rate(2, 3600)

    answers = [post("/auth/anon", own_address) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].refusal == LIMITED
    assert limits(answers[2])[:5] == ("sign-up", 2, 3600, "sign-up", 0)
    assert 1790 <= int(answers[2].headers["Retry-After"]) <= 1800
    assert User.objects.count() == 2
    assert post("/auth/anon", some_address()).status == 200


def test_new_users_are_limited_by_address_and_those_who_come_again_are_not(
    settings: Settings, own_address: str
) -> None:
    settings.NEW_USER_RATE = Rate(2, 86_400)
    device = b'{"device_hash":"4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"}'

    made = [post("/auth/anon", own_address, body) for body in (device, b"", b"", b"")]
    again = [post("/auth/anon", own_address, device) for _ in range(3)]

    assert [answer.status for answer in made] == [200, 200, 429, 429]
    assert made[3].refusal == LIMITED
    assert 43_100 <= int(made[3].headers["Retry-After"]) <= 43_200
    assert [answer.data["is_new"] for answer in again] == [False] * 3
    assert User.objects.count() == 2
    assert post("/auth/anon", some_address()).data["is_new"] is True


def test_a_whole_ipv6_subscriber_is_one_address(settings: Settings, own_address: str) -> None:
    settings.ANON_SIGNUP_RATE = Rate(2, 3600)
    prefix = own_address.removesuffix("1")

    statuses = [post("/auth/anon", f"{prefix}{host}").status for host in ("1", "2", "ffff:1")]

    assert statuses == [200, 200, 429]


def test_a_made_up_forwarded_address_does_not_help(settings: Settings, own_address: str) -> None:
    settings.ANON_SIGNUP_RATE = Rate(2, 3600)

    statuses = [post("/auth/anon", f"{some_address()}, {own_address}").status for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_refreshes_are_limited_by_address_and_apart_from_sign_ups(
    settings: Settings, own_address: str
) -> None:
    settings.ANON_SIGNUP_RATE = settings.REFRESH_RATE = Rate(2, 3600)

    guesses = [post("/auth/refresh", own_address, b'{"refresh":"x"}') for _ in range(3)]

    assert [answer.refusal for answer in guesses] == [(401, "TOKEN_INVALID")] * 2 + [LIMITED]
    assert limits(guesses[2])[0] == "refresh"
    assert post("/auth/anon", own_address).status == 200


# --- Off and away ----------------------------------------------------------------------------


def test_without_a_rate_no_store_is_touched_and_no_header_sent(
    settings: Settings, own_address: str
) -> None:
    settings.USER_RATE = settings.ANON_SIGNUP_RATE = None
    settings.RATE_LIMIT_URL = "nothing that could be connected to"

    signed_up = post("/auth/anon", own_address)
    seen = Api(signed_up.data["token"]).get("/me")

    assert (signed_up.status, seen.status) == (200, 200)
    for answer in (signed_up, seen):
        assert "RateLimit" not in answer.headers
        assert "RateLimit-Policy" not in answer.headers


@pytest.mark.parametrize(
    "url",
    [f"redis://{HOST}:1/0", "", "amqp://localhost"],
    ids=["nobody there", "none", "another kind"],
)
def test_while_the_store_is_away_everything_is_allowed(
    settings: Settings, own_address: str, url: str
) -> None:
    settings.USER_RATE = settings.ANON_SIGNUP_RATE = Rate(1, 3600)
    settings.RATE_LIMIT_URL = url

    answers = [post("/auth/anon", own_address) for _ in range(3)]
    answers += [Api(answers[0].data["token"]).get("/me") for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 6
    assert all("RateLimit" not in answer.headers for answer in answers)


# --- Real processes --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_web_processes_hold_one_limit(live_stack: LiveStack) -> None:
    live_stack.start_web(
        workers=2,
        ANON_SIGNUP_RATE="20/hour",
        USER_RATE="30/hour",
        # So that the front believes us, and the test has an address of its own.
        FRONT_TRUSTED_PROXIES=f"{HOST}/32",
    )
    headers = {"X-Forwarded-For": some_address()}

    def sign_up(_: int) -> requests.Response:
        # A connection of its own each time: the two processes share the port.
        return requests.post(f"{live_stack.base_url}/auth/anon", headers=headers, timeout=10)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(sign_up, range(60)))

    assert Counter(answer.status_code for answer in answers) == {200: 20, 429: 40}
    assert User.objects.count() == 20
    token = next(a.json()["data"]["token"] for a in answers if a.status_code == 200)

    def me(_: int) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{live_stack.base_url}/me", headers=headers, timeout=10).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(me, range(60))) == {200: 30, 429: 30}
