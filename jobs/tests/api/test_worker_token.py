"""Contract §4.2: the token of a message opens the claim and the callback of its items."""

import time
from typing import Any

import pytest
from pytest_django import Settings

from jobs import worker_tokens
from jobs.delivery.message import work_message
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, result_key, worker_api
from jobs.tests.rows import all_rows
from s3project.testing.api import Answer, Api

pytestmark = pytest.mark.django_db

REFUSED = (403, "CALLBACK_UNAUTHORIZED")


def token_of(job: JobCoordinator, *idxs: int, attempt: int = 1) -> str:
    """As a worker finds it in its message."""
    photos = {idx: f"inputs/{idx}" for idx in idxs}
    token: str = work_message(job, photos, attempt=attempt).to_json()["token"]
    return token


def claim(token: str, job: JobCoordinator, items: list[int], attempt: int = 1) -> Answer:
    body = {"items": items, "attempt": attempt, "worker": "host:1"}
    return Api(token).post(f"/jobs/{job.public_id}/claim", body)


def test_it_opens_claim_and_callback_of_its_items() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    token = token_of(job, 0, 2)

    assert claim(token, job, [0, 2]).data["granted"] == [0, 2]
    assert Api(token).post(callback_path(job), callback_body(job, 2)).data["processed"] is True


def test_it_is_good_for_a_later_attempt_and_for_a_key_of_another_make() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    token = token_of(job, 0, 1, attempt=2)

    assert claim(token, job, [0], attempt=3).status == 200
    own_key = callback_body(job, 0, idempotency_key="mine")
    assert Api(token).post(callback_path(job), own_key).status == 200


@pytest.mark.parametrize(
    "request_body",
    [
        {"idx": 1},
        {"idx": 0, "attempt": 1},
    ],
)
def test_it_reports_no_other_item_and_no_earlier_attempt(request_body: dict[str, Any]) -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    token = token_of(job, 0, 2, attempt=2)
    idx, attempt = request_body["idx"], request_body.get("attempt", 2)
    before = all_rows()

    body = callback_body(job, idx, idempotency_key=result_key(job, idx, attempt))
    reported = Api(token).post(callback_path(job), body)
    claimed = claim(token, job, [0, idx], attempt)

    assert (reported.refusal, claimed.refusal) == (REFUSED, REFUSED)
    assert all_rows() == before


def test_it_opens_nothing_of_another_job_or_elsewhere() -> None:
    job, other = make_job(JobStatus.QUEUED), make_job(JobStatus.QUEUED)
    token = token_of(job, 0)

    assert Api(token).post(callback_path(other), callback_body(other, 0)).refusal == REFUSED
    assert Api(token).get("/me").refusal == (401, "TOKEN_INVALID")
    assert Api(token).get(f"/jobs/{job.public_id}").refusal == (401, "TOKEN_INVALID")


def _cut(token: str) -> str:
    return token[:-1]


def _other_payload(token: str) -> str:
    payload = worker_tokens._encoded(b'["job_x",[0,1,2],1,99999999999]')
    return f"wt_{payload}.{token.partition('.')[2]}"


@pytest.mark.parametrize(
    "broken",
    [
        _cut,
        _other_payload,
        lambda token: "wt_",
        lambda token: "wt_.",
        lambda token: token.removeprefix("wt_"),
        lambda token: token.upper(),
        lambda token: token + "é",
    ],
)
def test_a_token_that_we_did_not_make_opens_nothing(broken: Any) -> None:
    job = make_job(JobStatus.QUEUED)

    answer = Api(broken(token_of(job, 0))).post(callback_path(job), callback_body(job, 0))

    assert answer.refusal == REFUSED


def test_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(JobStatus.QUEUED)
    token = token_of(job, 0)
    now = time.time()

    for later, expected in ((24 * 3600 - 60, 200), (24 * 3600 + 60, 403)):
        monkeypatch.setattr("jobs.worker_tokens.time.time", lambda later=later: now + later)
        assert claim(token, job, [0]).status == expected


@pytest.mark.parametrize(
    ("mode", "token_status", "secret_status"),
    [("both", 200, 200), ("token", 200, 403), ("secret", 403, 200)],
)
def test_an_operator_says_which_of_the_two_are_taken(
    mode: str, token_status: int, secret_status: int, settings: Settings
) -> None:
    job = make_job(JobStatus.QUEUED)
    token = token_of(job, 0)
    settings.CALLBACK_AUTH = mode

    with_token = Api(token).post(callback_path(job), callback_body(job, 0))
    with_secret = worker_api().post(callback_path(job), callback_body(job, 1))

    assert (with_token.status, with_secret.status) == (token_status, secret_status)


@pytest.mark.parametrize("mode", ["both", "token", "secret"])
def test_a_worker_finds_in_its_message_only_what_web_will_take(
    mode: str, settings: Settings
) -> None:
    settings.CALLBACK_AUTH = mode
    job = make_job(JobStatus.QUEUED)

    answer = claim(token_of(job, 0) or settings.GPU_CALLBACK_SECRETS[0], job, [0])

    assert answer.data["granted"] == [0]


def test_a_key_is_replaced_without_a_token_lost(settings: Settings) -> None:
    job = make_job(JobStatus.QUEUED)
    old, new = settings.WORKER_TOKEN_KEYS[0], "n" * 32
    token = token_of(job, 0)

    settings.WORKER_TOKEN_KEYS = [new, old]
    assert claim(token, job, [0]).status == claim(token_of(job, 0), job, [0]).status == 200
    settings.WORKER_TOKEN_KEYS = [new]
    assert claim(token, job, [0]).refusal == REFUSED


def test_a_token_costs_no_statement(django_assert_num_queries: Any) -> None:
    job = make_job(JobStatus.QUEUED)
    token = token_of(job, 0)

    with django_assert_num_queries(0):
        assert Api(token[:-2]).post(callback_path(job), callback_body(job, 0)).status == 403
