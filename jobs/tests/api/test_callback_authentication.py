"""Contract §4.2: who may report results."""

import logging
from collections.abc import Mapping
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from jobs.tests.rows import all_rows
from s3project.acts import streaks
from s3project.acts.models import Act
from s3project.acts.words import Action
from s3project.api import rate_limiter
from s3project.api.rates import Rate
from s3project.testing.api import Answer, Api
from users.api.auth import issue_token

pytestmark = pytest.mark.django_db

LIMITED = (429, "RATE_LIMITED")
REFUSED = (403, "CALLBACK_UNAUTHORIZED")


@pytest.fixture
def own(settings: Settings) -> str:
    """An address that no other test has: counts outlive a test."""
    settings.TRUSTED_PROXIES = 1
    return "2001:db8:{:x}:{:x}::1".format(*divmod(uuid4().int % 2**32, 2**16))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer s3cret-on"},
        {"Authorization": "Bearer s3cret-one2"},
        {"Authorization": "Bearer S3CRET-ONE"},
        {"Authorization": "Basic s3cret-one"},
        {"Authorization": "s3cret-one"},
        {"Authorization": "Bearer s\u00e9cret"},
        {"Authorization": "Bearer s3cret-one,s3cret-two"},
    ],
)
@pytest.mark.parametrize("endpoint", ["callback", "claim"])
def test_a_missing_or_wrong_secret_is_refused(
    endpoint: str, headers: Mapping[str, str], settings: Settings
) -> None:
    settings.GPU_CALLBACK_SECRETS = ["s3cret-one", "s3cret-two"]
    job = make_job(JobStatus.QUEUED)
    before = all_rows()

    answer = Api().send("POST", f"/jobs/{job.public_id}/{endpoint}", b"{}", headers=headers)

    assert answer.refusal == REFUSED
    assert all_rows() == before


def test_every_secret_of_the_list_is_accepted(settings: Settings) -> None:
    settings.GPU_CALLBACK_SECRETS = ["the new one", "the old one"]
    job = make_job(JobStatus.QUEUED)

    answers = [
        Api(secret).post(callback_path(job), callback_body(job, idx))
        for idx, secret in enumerate(("the new one", "the old one"))
    ]

    assert [answer.data["processed"] for answer in answers] == [True, True]


def test_a_secret_beyond_ascii_is_compared_as_bytes(settings: Settings) -> None:
    settings.GPU_CALLBACK_SECRETS = ["비밀"]
    job = make_job(JobStatus.QUEUED)
    # A WSGI server hands the bytes of a header over as Latin-1.
    sent = {"Authorization": "Bearer " + "비밀".encode().decode("latin-1")}

    answer = Api().send("POST", callback_path(job), b"{}", headers=sent)

    assert answer.refusal == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "", "Bearer None", "Bearer []"])
def test_without_a_configured_secret_everything_is_refused(header: str, settings: Settings) -> None:
    settings.GPU_CALLBACK_SECRETS = []
    job = make_job(JobStatus.QUEUED)

    answer = Api().send("POST", callback_path(job), b"{}", headers={"Authorization": header})

    assert answer.refusal == REFUSED


def test_a_users_token_is_refused() -> None:
    job = make_job(JobStatus.QUEUED)

    answer = Api(issue_token(job.user)).post(callback_path(job), callback_body(job, 0))

    assert answer.refusal == REFUSED


def test_the_callback_secret_is_no_users_token() -> None:
    assert worker_api().get("/me").refusal == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("path", ["/jobs/job_unknown/callback", "/jobs/job_unknown/claim"])
@pytest.mark.parametrize("raw", [b"no json", b"{}", b"x" * (1024 * 1024 + 1)])
def test_the_secret_is_decided_before_the_job_and_the_body(
    path: str, raw: bytes, own: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Api("wrong").send("POST", path, raw, headers={"X-Forwarded-For": own})  # which is written down
    with django_assert_num_queries(0):
        answer = Api("wrong").send("POST", path, raw, headers={"X-Forwarded-For": own})

    assert answer.refusal == REFUSED


def test_a_refused_callback_asks_for_no_other_credentials() -> None:
    answer = Api().post("/jobs/job_unknown/callback", {})

    assert answer.refusal == REFUSED
    assert "WWW-Authenticate" not in answer.headers


# --- Those who try again and again -----------------------------------------------------------


def attempt(secret: str, address: str) -> Answer:
    headers = {"X-Forwarded-For": address, "Authorization": f"Bearer {secret}"}
    return Api().send("POST", "/jobs/job_unknown/callback", b"{}", headers=headers)


def test_an_address_that_fails_often_is_throttled(settings: Settings, own: str) -> None:
    settings.CALLBACK_FAILURE_RATE = Rate(3, 3600)

    answers = [attempt("wrong", own) for _ in range(5)]

    assert [answer.refusal for answer in answers] == [REFUSED] * 3 + [LIMITED] * 2
    assert 1190 <= int(answers[3].headers["Retry-After"]) <= 1200


def test_a_worker_behind_the_address_of_an_attacker_is_let_through(
    settings: Settings, own: str
) -> None:
    settings.CALLBACK_FAILURE_RATE = Rate(1, 3600)
    settings.GPU_CALLBACK_SECRETS = ["the right one"]
    assert [attempt("wrong", own).status for _ in range(3)] == [403, 429, 429]

    assert attempt("the right one", own).refusal == (404, "JOB_NOT_FOUND")
    assert attempt("wrong", own).refusal == LIMITED


def test_a_good_callback_asks_no_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    settings.GPU_CALLBACK_SECRETS = ["the right one"]
    monkeypatch.setattr(
        rate_limiter.RateLimiter, "_try", lambda _, __, key, *numbers: asked.append(key)
    )

    assert Api("the right one").post("/jobs/job_unknown/callback", {}).status == 404
    assert asked == []
    Api("wrong").post("/jobs/job_unknown/callback", {})
    assert asked != []


def test_a_thousand_failures_are_one_line_a_minute_and_a_few_rows(
    settings: Settings, own: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CALLBACK_FAILURE_RATE = Rate(5, 3600)

    with caplog.at_level(logging.WARNING, logger=streaks.logger.name):
        for _ in range(101):
            attempt("wrong", own)

    lines = [line for line in caplog.messages if line.startswith("callback.refused")]
    assert len(lines) in (1, 2)  # a minute may end meanwhile
    assert own.removesuffix("1") in lines[0]
    rows = Act.objects.filter(action=Action.CALLBACK_REFUSED).order_by("id")
    assert [row.details["times"] for row in rows] == [1, 10, 100]
    assert {row.address for row in rows} == {own}
