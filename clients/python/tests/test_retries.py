"""What is sent again, and what is not: against a server that fails as it is told."""

import socket
import time

import anyio
import pytest

from s3sets import (
    NEVER,
    ApiError,
    AsyncS3Client,
    ConcurrencyLimit,
    CreditsExhausted,
    NotSignedIn,
    NotTheApi,
    RateLimited,
    S3Client,
    Unavailable,
    Unreachable,
)
from tests.conftest import KEY, QUICK
from tests.small_api import Reply, SmallApi, refused

JOB = {"job_id": "job_1", "status": "created", "upload": []}
DEVICE = "d" * 40


def test_a_lost_answer_of_what_has_a_key_is_asked_for_again_with_the_same_key_and_bytes(
    api: SmallApi, client: S3Client
) -> None:
    api.on("POST", "/jobs", Reply(silent=True), Reply(201, data=JOB))

    assert client.create_job("interior", 2)["job_id"] == "job_1"

    first, second = api.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body == b'{"preset":"interior","item_count":2}'


def test_two_calls_have_two_keys(api: SmallApi, client: S3Client) -> None:
    api.on("POST", "/jobs", Reply(201, data=JOB))
    client.create_job("interior", 2)
    client.create_job("interior", 2)

    assert len({asked.headers["idempotency-key"] for asked in api.asked}) == 2


def test_a_lost_answer_of_what_would_happen_twice_is_not_asked_for_again(
    api: SmallApi, client: S3Client
) -> None:
    api.on("POST", "/me/keys", Reply(silent=True))

    with pytest.raises(Unreachable) as caught:
        client.create_api_key("shop")

    assert caught.value.maybe_done
    assert len(api.asked) == 1


def test_what_never_arrived_is_sent_again_whatever_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    started = time.monotonic()

    with (
        S3Client(f"http://127.0.0.1:{port}", api_key=KEY, retries=QUICK, trust_env=False) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.create_api_key("shop")

    assert not caught.value.maybe_done
    assert time.monotonic() - started > 0.015  # three pauses


def test_503_waits_for_as_long_as_it_is_told(api: SmallApi, client: S3Client) -> None:
    busy = refused(503, "UNAVAILABLE", Retry_After="1")
    api.on("GET", "/me", busy, Reply(data={"credits": 3}))

    assert client.me()["credits"] == 3

    assert 1.0 <= api.asked[1].at - api.asked[0].at < 1.6


def test_503_of_what_has_no_key_is_raised_at_once(api: SmallApi, client: S3Client) -> None:
    api.on("POST", "/webhooks", refused(503, "UNAVAILABLE", Retry_After="1"))

    with pytest.raises(Unavailable):
        client.create_webhook("https://shop.example.com")

    assert len(api.asked) == 1


def test_a_refused_rate_is_waited_for_even_without_a_key(api: SmallApi, client: S3Client) -> None:
    limited = refused(429, "RATE_LIMITED", Retry_After="1")
    api.on("POST", "/me/keys", limited, Reply(201, data={"id": "key_1"}))

    assert client.create_api_key("shop")["id"] == "key_1"


def test_a_server_that_asks_for_more_patience_than_there_is_is_not_waited_for(
    api: SmallApi, client: S3Client
) -> None:
    api.on("GET", "/me", refused(429, "RATE_LIMITED", Retry_After="60"))

    with pytest.raises(RateLimited) as caught:
        client.me()

    assert caught.value.retry_after == 60.0
    assert len(api.asked) == 1


def test_a_request_in_progress_is_asked_for_again(api: SmallApi, client: S3Client) -> None:
    at_work = refused(409, "REQUEST_IN_PROGRESS", Retry_After="0")
    api.on("POST", "/jobs", at_work, at_work, Reply(201, data=JOB))

    assert client.create_job("interior", 1)["job_id"] == "job_1"

    assert len({asked.headers["idempotency-key"] for asked in api.asked}) == 1


@pytest.mark.parametrize(
    ("status", "code", "details", "kind"),
    [
        (402, "CREDITS_EXHAUSTED", {"needed": 3, "available": 1}, CreditsExhausted),
        (429, "CONCURRENCY_LIMIT", {"limit": 1, "open_jobs": ["job_0"]}, ConcurrencyLimit),
        (418, "A_NEW_CODE", {"facts": 1}, ApiError),
    ],
)
def test_a_refusal_is_an_exception_of_its_code_with_its_facts_and_is_not_repeated(
    api: SmallApi, client: S3Client, status: int, code: str, details: object, kind: type[ApiError]
) -> None:
    api.on("POST", "/jobs", refused(status, code, details))

    with pytest.raises(kind) as caught:
        client.create_job("interior", 3)

    error = caught.value
    assert (error.code, error.status, error.details) == (code, status, details)
    assert (error.message, error.request_id) == (f"It is {code}.", "r-1")
    assert len(api.asked) == 1


def test_before_a_rate_is_used_up_there_is_a_pause(api: SmallApi, client: S3Client) -> None:
    spent = Reply(data={"credits": 3}, headers={"RateLimit": '"user";r=0;t=1, "create";r=5;t=1'})
    api.on("GET", "/me", spent, Reply(data={"credits": 3}))
    client.me()
    client.me()

    assert api.asked[1].at - api.asked[0].at >= 0.9


def test_a_rate_of_one_kind_of_request_holds_up_no_other(api: SmallApi, client: S3Client) -> None:
    spent = Reply(201, data=JOB, headers={"RateLimit": '"user";r=9;t=1, "create";r=0;t=5'})
    api.on("POST", "/jobs", spent)
    api.on("GET", "/me", Reply(data={"credits": 3}))
    client.create_job("interior", 1)
    client.me()

    assert api.asked[1].at - api.asked[0].at < 0.5


def test_a_device_signs_in_once_and_again_when_its_token_has_ended(api: SmallApi) -> None:
    api.on(
        *("POST", "/auth/anon"),
        Reply(data={"token": "one", "refresh": "rt_1"}),
        Reply(data={"token": "two", "refresh": "rt_2"}),
    )
    api.on(
        *("GET", "/me"),
        Reply(data={"credits": 1}),
        refused(401, "TOKEN_EXPIRED"),
        Reply(data={"credits": 2}),
    )
    with S3Client(api.base_url, device=DEVICE, retries=QUICK, trust_env=False) as client:
        assert [client.me()["credits"], client.me()["credits"]] == [1, 2]

    said = [(asked.path, asked.headers.get("authorization")) for asked in api.asked]
    assert said == [
        ("/auth/anon", None),
        ("/me", "Bearer one"),
        ("/me", "Bearer one"),
        ("/auth/anon", None),
        ("/me", "Bearer two"),
    ]
    assert api.asked[0].json == {"device_hash": DEVICE}


def test_a_key_that_is_refused_is_refused(api: SmallApi, client: S3Client) -> None:
    api.on("GET", "/me", refused(401, "TOKEN_INVALID"))

    with pytest.raises(NotSignedIn):
        client.me()

    assert len(api.asked) == 1


def test_a_login_page_is_not_the_api(api: SmallApi, client: S3Client) -> None:
    api.on("GET", "/me", Reply(raw=b"<html>", headers={"Content-Type": "text/html"}))

    with pytest.raises(NotTheApi):
        client.me()


def test_a_proxy_that_cannot_reach_the_api_is_asked_again(api: SmallApi, client: S3Client) -> None:
    api.on("GET", "/me", Reply(502, raw=b"<html>"), Reply(data={"credits": 3}))

    assert client.me()["credits"] == 3


def test_no_retries_are_none(api: SmallApi) -> None:
    api.on("GET", "/me", refused(503, "UNAVAILABLE"))

    with (
        S3Client(api.base_url, api_key=KEY, retries=NEVER, trust_env=False) as client,
        pytest.raises(Unavailable),
    ):
        client.me()

    assert len(api.asked) == 1


def test_the_client_with_asyncio_does_the_same(api: SmallApi) -> None:
    api.on("POST", "/jobs", Reply(silent=True), Reply(201, data=JOB))
    api.on("POST", "/me/keys", Reply(silent=True))

    async def go() -> None:
        async with AsyncS3Client(
            api.base_url, api_key=KEY, retries=QUICK, trust_env=False
        ) as client:
            await client.create_job("interior", 2)
            with pytest.raises(Unreachable):
                await client.create_api_key("shop")

    anyio.run(go)

    assert api.paths() == ["POST /jobs", "POST /jobs", "POST /me/keys"]
    assert api.asked[0].headers["idempotency-key"] == api.asked[1].headers["idempotency-key"]


def test_pages_follow_each_other(api: SmallApi, client: S3Client) -> None:
    api.on(
        *("GET", "/jobs"),
        Reply(data=[{"job_id": "job_2"}], next_cursor="c"),
        Reply(data=[{"job_id": "job_1"}]),
    )

    jobs = [job["job_id"] for job in client.every(client.list_jobs, status=["done", "failed"])]

    assert jobs == ["job_2", "job_1"]
    assert api.paths() == [
        "GET /jobs?status=done%2Cfailed",
        "GET /jobs?status=done%2Cfailed&cursor=c",
    ]
