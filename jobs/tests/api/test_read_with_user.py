"""Who polls or confirms is found with the job, in one statement, with the answers of two."""

from collections.abc import Callable

import pytest

from jobs.api.read_with_user import AuthenticationWithJob
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage import bucket
from jobs.tests.factories import make_job
from s3project import ids
from s3project.testing.api import Answer, Api
from s3project.testing.sql import recorded_statements
from users.api.auth import TokenAuthentication, issue_token
from users.models import ApiKey, Session, User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """That URLs are signed by."""
    moment = bucket.steady_moment()
    monkeypatch.setattr(bucket, "steady_moment", lambda: moment)


def both_ways(api: Api, path: str, monkeypatch: pytest.MonkeyPatch, **headers: str) -> list[Answer]:
    short = api.get(path, **headers)
    with monkeypatch.context() as patched:
        patched.setattr(AuthenticationWithJob, "find", TokenAuthentication.find)
        with recorded_statements() as statements:
            long = api.get(path, **headers)
    assert not any("users_user" in text and "jobs_" in text for text in statements)
    return [short, long]


def compared(answer: Answer) -> tuple[object, ...]:
    body = answer.envelope if answer.raw else {}
    return answer.status, body.get("data"), body.get("error"), answer.headers.get("ETag")


@pytest.mark.parametrize("status", list(JobStatus))
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": 'W/"older"'}, {"If-None-Match": "*"}])
def test_a_poll_is_answered_as_by_two_statements(
    status: JobStatus, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(status)

    short, long = both_ways(api_of(job.user), f"/jobs/{job.public_id}", monkeypatch, **headers)

    assert short.status == (304 if headers.get("If-None-Match") == "*" else 200)
    assert compared(short) == compared(long)


def somebody_elses(job: JobCoordinator) -> tuple[Api, str, int]:
    return api_of(make_user()), job.public_id, 404


def one_that_is_not(job: JobCoordinator) -> tuple[Api, str, int]:
    return api_of(job.user), ids.public_id(ids.JOB, ids.new_id()), 404


def no_id(job: JobCoordinator) -> tuple[Api, str, int]:
    return api_of(job.user), "job_1", 404


def signed_out(job: JobCoordinator) -> tuple[Api, str, int]:
    session, _ = Session.objects.open(job.user_id)
    token = issue_token(job.user, session.id)
    assert Session.objects.revoke(session.id)
    return Api(token), job.public_id, 401


def deactivated(job: JobCoordinator) -> tuple[Api, str, int]:
    api = api_of(job.user)
    User.objects.filter(pk=job.user_id).update(is_active=False)
    return api, job.public_id, 401


def nobody(job: JobCoordinator) -> tuple[Api, str, int]:
    return Api(), job.public_id, 401


@pytest.mark.parametrize(
    "case", [somebody_elses, one_that_is_not, no_id, signed_out, deactivated, nobody]
)
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}])
def test_who_may_not_poll_is_told_so_as_by_two_statements(
    case: Callable[[JobCoordinator], tuple[Api, str, int]],
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api, public_id, status = case(make_job(JobStatus.DONE))

    short, long = both_ways(api, f"/jobs/{public_id}", monkeypatch, **headers)

    assert short.status == status
    assert compared(short) == compared(long)


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": 'W/"older"'}])
def test_an_api_key_polls_the_same(headers: dict[str, str]) -> None:
    job = make_job(JobStatus.DONE)
    _, key = ApiKey.issue(job.user_id, "polls", None)
    path = f"/jobs/{job.public_id}"

    by_key, by_token = Api(key).get(path, **headers), api_of(job.user).get(path, **headers)

    assert by_key.status == 200
    assert by_key.data["outputs_ready"] == by_token.data["outputs_ready"]
    assert by_key.data["items"] == by_token.data["items"]


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_confirmation_is_answered_as_by_two_statements(
    status: JobStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for find in (AuthenticationWithJob.find, TokenAuthentication.find):
        monkeypatch.setattr(AuthenticationWithJob, "find", find)
        job = make_job(status)
        answer = api_of(job.user).post(f"/jobs/{job.public_id}/confirm-upload")
        body = answer.envelope
        answers.append((answer.status, str(body["data"]).replace(job.public_id, ""), body["error"]))

    assert answers[0] == answers[1]


def test_what_needs_no_job_first_reads_none_with_its_user() -> None:
    job = make_job(JobStatus.DONE)
    with recorded_statements() as statements:
        assert api_of(job.user).get("/jobs").status == 200
        assert api_of(job.user).delete(f"/jobs/{job.public_id}").status == 200
    users = [text for text in statements if "users_session" in text]
    assert len(users) == 2
    assert not any("jobs_" in text for text in users)
