"""Somebody else's job is answered exactly like one that does not exist."""

from typing import Any

import pytest

from jobs.states import JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.tests.rows import all_rows
from s3project.testing.api import Api
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("GET", ""),
    ("POST", "/confirm-upload"),
    ("POST", "/execute"),
    ("POST", "/cancel"),
]


def refusal_of(api: Api, method: str, path: str) -> tuple[int, Any]:
    body = b'{"concepts": {"Floor": {"action": "remove"}}}' if method == "POST" else b""
    answer = api.send(method, path, body)
    return answer.status, answer.error


@pytest.mark.parametrize("status", list(JobStatus))
@pytest.mark.parametrize(("method", "action"), ENDPOINTS)
def test_another_users_job_looks_like_none(method: str, action: str, status: JobStatus) -> None:
    job = make_job(status)
    stranger = api_of(make_user())
    before = all_rows()

    theirs = refusal_of(stranger, method, f"/jobs/{job.public_id}{action}")
    nobodys = refusal_of(stranger, method, f"/jobs/job_{'0' * 32}{action}")

    assert theirs == nobodys
    message = "There is no such job: GET /jobs lists yours."
    assert theirs == (404, {"code": "JOB_NOT_FOUND", "message": message})
    assert all_rows() == before


@pytest.mark.parametrize(
    "job_id",
    [
        "job_",
        "job_0",
        "0" * 32,
        "u_" + "0" * 32,
        "JOB_" + "0" * 32,
        "job_" + "0" * 31 + "G",
        "job_" + "0" * 33,
        "job_" + "٠" * 32,
        "job_" + "0" * 32 + "%0A",
        "%00",
        "..%2F..%2Fetc",
        "job_" + "0" * 31 + "A",
    ],
)
def test_a_text_that_is_no_id_is_no_job(job_id: str) -> None:
    api = api_of(make_user())

    for method, action in ENDPOINTS:
        status, error = refusal_of(api, method, f"/jobs/{job_id}{action}")
        assert (status, error["code"]) in ((404, "JOB_NOT_FOUND"), (404, "NOT_FOUND"))


def test_an_id_in_capitals_is_not_the_same_id() -> None:
    job = make_job()

    answer = api_of(job.user).get(f"/jobs/{job.public_id.upper().replace('JOB', 'job')}")

    assert answer.refusal == (404, "JOB_NOT_FOUND")


def test_a_user_executes_only_own_jobs_with_own_photos() -> None:
    mine, theirs = make_job(JobStatus.UPLOADED), make_job(JobStatus.UPLOADED)

    answer = api_of(mine.user).post(
        f"/jobs/{theirs.public_id}/execute", {"concepts": RECOLOR_FLOOR}
    )

    assert answer.refusal == (404, "JOB_NOT_FOUND")
    theirs.refresh_from_db()
    assert theirs.status == JobStatus.UPLOADED
