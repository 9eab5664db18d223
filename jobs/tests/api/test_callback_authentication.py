"""Contract §4.2: who may report results."""

from collections.abc import Mapping

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from jobs.tests.rows import all_rows
from s3project.testing.api import Api
from users.api.auth import issue_token

pytestmark = pytest.mark.django_db

REFUSED = (403, "CALLBACK_UNAUTHORIZED")


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
    path: str, raw: bytes, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = Api("wrong").send("POST", path, raw)

    assert answer.refusal == REFUSED


def test_a_refused_callback_asks_for_no_other_credentials() -> None:
    answer = Api().post("/jobs/job_unknown/callback", {})

    assert answer.refusal == REFUSED
    assert "WWW-Authenticate" not in answer.headers
