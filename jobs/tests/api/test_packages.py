"""The endpoints of packages, for owners and for workers (contract §3.5)."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from jobs.models import JobCoordinator, JobPackage
from jobs.states import JobStatus
from jobs.tests.factories import make_job, poll, worker_api
from jobs.tests.packages import (
    ask,
    claim_package,
    done_job,
    package_body,
    package_of,
    package_path,
    report_package,
)
from jobs.worker_tokens import issue_package_token, issue_worker_token
from s3project.testing.api import Answer, Api
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

PENDING = {
    "template": "전후비교",
    "alias": "before_after",
    "status": "pending",
    "files": None,
    "bytes": None,
    "url": None,
    "board_url": None,
    "error": None,
}


def post(job: JobCoordinator, body: Any, **headers: str) -> Answer:
    path = f"/jobs/{job.public_id}/packages"
    return api_of(job.user).send("POST", path, json.dumps(body).encode(), headers=headers)


def listed(job: JobCoordinator) -> Any:
    return api_of(job.user).get(f"/jobs/{job.public_id}/packages").data


@pytest.mark.parametrize("named", ["전후비교", "before_after"])
def test_a_package_is_asked_for_by_id_or_alias(named: str) -> None:
    job = done_job(None)

    answer = post(job, {"template": named})

    assert (answer.status, answer.data) == (202, PENDING)
    assert listed(job) == [PENDING]
    assert poll(job).data["packages"] == [PENDING]


def test_a_job_without_packages_says_so() -> None:
    assert poll(done_job(None)).data["packages"] == []
    assert poll(make_job()).data["packages"] == []


def test_a_ready_package_says_where_it_is_and_what_it_is_saved_as() -> None:
    job = done_job()
    report_package(job)

    [package] = poll(job).data["packages"]

    assert (package["status"], package["files"], package["bytes"]) == ("ready", 3, 12_345)
    folder = f"/packages/u_{job.user_id.hex}/{job.public_id}/before_after-1"
    assert f"{folder}.zip?" in package["url"]
    assert f"{folder}.jpg?" in package["board_url"]
    # UTF-8 as RFC 6266 has it: attachment; filename*=utf-8''전후비교-job_….zip
    name = "%25EC%25A0%2584%25ED%259B%2584%25EB%25B9%2584%25EA%25B5%2590-"
    assert f"attachment%3B%20filename%2A%3Dutf-8%27%27{name}{job.public_id}.zip" in package["url"]
    assert "inline%3B" in package["board_url"]
    assert listed(job) == [package]


def test_a_failed_package_says_why_and_no_more_than_a_client_may_read() -> None:
    job = done_job()
    report_package(job, failed=True)
    assert poll(job).data["packages"][0]["error"] == "broken"

    JobPackage.objects.update(error="Traceback: storage.internal:9000")
    assert poll(job).data["packages"][0]["error"] == "the photo could not be processed"


def test_the_tag_of_the_job_changes_with_its_packages() -> None:
    job = done_job(None)
    tags = [poll(job).headers["ETag"]]
    ask(job)
    assert poll(job, tags[-1]).status == 200
    tags.append(poll(job).headers["ETag"])
    report_package(job)
    assert poll(job, tags[-1]).status == 200
    tags.append(poll(job).headers["ETag"])

    assert len(set(tags)) == 3
    assert poll(job, tags[-1]).status == 304


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "template", "This field is required."),
        ({"template": 3}, "template", "Must be a string, not a number."),
        (
            {"template": "before_aftr"},
            "template",
            '"before_aftr" is no template of interior. There are three_looks, before_after, '
            "share_card and all. Did you mean before_after?",
        ),
        ({"template": "all", "options": []}, "options", "Must be an object, not an array."),
        (
            {"template": "all", "options": {"language": "kr"}},
            "options.language",
            'Must be ko or en, not "kr".',
        ),
        (
            {"template": "all", "options": {"colors": ["navi"]}},
            "options.colors.0",
            'recolor does not know "navi". Write #RRGGBB, or a material\'s name. '
            "Did you mean navy?",
        ),
        (
            {"template": "all", "options": {"colors": ["navy"] * 13}},
            "options.colors",
            "Must have at most 12 elements, not 13.",
        ),
    ],
)
def test_what_is_refused_says_what_is_wrong(body: Any, field: str, message: str) -> None:
    job = done_job(None)

    answer = post(job, body)

    assert (answer.status, answer.error["details"]) == (400, {field: [message]})
    assert not JobPackage.objects.exists()


def test_a_job_that_is_not_done_has_none() -> None:
    answer = post(make_job(JobStatus.RUNNING), {"template": "all"})

    assert answer.refusal == (409, "INVALID_TRANSITION")
    assert answer.error["details"] == {"status": "running"}


def test_somebody_elses_job_does_not_exist() -> None:
    job = done_job()
    api = api_of(make_user())
    path = f"/jobs/{job.public_id}/packages"

    assert api.get(path).refusal == (404, "JOB_NOT_FOUND")
    assert api.post(path, {"template": "all"}).refusal == (404, "JOB_NOT_FOUND")
    assert api.post(path, {"template": 3}).refusal == (404, "JOB_NOT_FOUND")


def test_with_a_key_a_package_is_asked_for_once() -> None:
    job = done_job(None)
    key = {"Idempotency-Key": "once"}
    post(job, {"template": "all"}, **key)
    report_package(job, "all")

    assert post(job, {"template": "all"}, **key).status == 202
    assert package_of(job, "all").edition == 1
    assert post(job, {"template": "all"}).status == 202
    assert package_of(job, "all").edition == 2


def test_a_canceled_job_shows_no_packages() -> None:
    job = done_job()
    report_package(job)
    JobCoordinator.objects.filter(pk=job.pk).update(deleted_at=job.finished_at)

    assert poll(job).data["packages"] == []


# --- Workers -----------------------------------------------------------------------------------


def test_a_worker_claims_and_reports() -> None:
    job = done_job()
    body = {"edition": 1, "attempt": 1, "worker": "gpu-1:10"}

    claimed = worker_api().post(package_path(job, call="claim"), body)
    assert (claimed.status, claimed.data) == (
        200,
        {"granted": True, "job_status": "done", "lease_seconds": 120},
    )
    other = worker_api().post(package_path(job, call="claim"), {**body, "worker": "gpu-2:10"})
    assert other.data["granted"] is False

    reported = worker_api().post(package_path(job), package_body(job))
    assert reported.data == {"processed": True, "duplicate": False, "job_status": "done"}
    again = worker_api().post(package_path(job), package_body(job))
    assert again.data == {"processed": False, "duplicate": True, "job_status": "done"}


def test_a_worker_may_name_the_template_by_its_id() -> None:
    job = done_job()

    assert worker_api().post(package_path(job, "전후비교"), package_body(job)).data["processed"]


def test_a_worker_without_a_key_is_given_urls() -> None:
    job = done_job()
    body = {
        "edition": 1,
        "attempt": 1,
        "worker": "gpu-1:10",
        "urls": True,
        "items": [1, 7],
        "masks": ["Wall"],
        "photos": [{"idx": 1, "sha256": "ab" * 32}],
    }

    urls = worker_api().post(package_path(job, call="claim"), body).data["urls"]

    place = f"u_{job.user_id.hex}/{job.public_id}"
    [photo] = urls["photos"]
    assert photo["idx"] == 1
    assert f"/inputs/{place}/1.jpg?" in photo["input"]
    assert f"/outputs/{place}/1_result.png?" in photo["output"]
    assert f"/previews/{place}/1_thumb.jpg?" in photo["preview"]
    assert [mask["key"].rpartition("/")[2] for mask in photo["masks"]] == [
        "1_instances.json",
        "1_Wall.png",
        f"{'ab' * 32}.json",
    ]
    assert f"/packages/{place}/before_after-1.zip?" in urls["archive"]
    assert f"/packages/{place}/before_after-1.jpg?" in urls["board"]


def test_urls_are_for_who_is_granted_only() -> None:
    job = done_job()
    claim_package(job, worker="other:1")
    body = {"edition": 1, "attempt": 1, "worker": "gpu-1:10", "urls": True, "items": [0]}

    assert "urls" not in worker_api().post(package_path(job, call="claim"), body).data


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"files": None}, "files"),
        ({"bytes": 0}, "bytes"),
        ({"edition": 0}, "edition"),
        ({"attempt": "1"}, "attempt"),
        ({"status": "done"}, "status"),
    ],
)
def test_a_result_of_the_wrong_shape_is_refused(fields: dict[str, Any], wrong: str) -> None:
    job = done_job()

    answer = worker_api().post(package_path(job), package_body(job, **fields))

    assert (answer.status, list(answer.error["details"])) == (400, [wrong])
    assert package_of(job).status == "pending"


def test_a_job_or_a_package_that_is_not_there() -> None:
    job = done_job(None)

    assert worker_api().post(package_path(job), package_body(job)).refusal == (404, "NOT_FOUND")
    gone = f"/jobs/job_{'0' * 32}/packages/all/callback"
    assert worker_api().post(gone, package_body(job)).refusal == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("call", ["claim", "callback"])
def test_whoever_has_neither_secret_nor_token_is_refused(call: str) -> None:
    job = done_job()

    for api in (Api(), api_of(job.user), Api("wrong")):
        answer = api.post(package_path(job, call=call), package_body(job))
        assert answer.refusal == (403, "CALLBACK_UNAUTHORIZED")


def token_api(token: str) -> Api:
    return Api(token)


@pytest.mark.parametrize(
    ("package", "attempt", "opens"),
    [
        ("before_after.1", 1, True),
        ("before_after.1", 2, False),
        ("before_after.2", 1, False),
        ("all.1", 1, False),
    ],
)
def test_a_token_opens_its_package_edition_and_attempts_from_its_own_on(
    settings: Settings, package: str, attempt: int, opens: bool
) -> None:
    job = done_job()
    keys = settings.WORKER_TOKEN_KEYS
    api = token_api(issue_package_token(job.public_id, package, attempt, keys=keys))

    claim = {"edition": 1, "attempt": 1, "worker": "w"}
    assert api.post(package_path(job, call="claim"), claim).status == (200 if opens else 403)
    assert api.post(package_path(job), package_body(job)).status == (200 if opens else 403)


def test_the_tokens_of_photos_and_of_packages_do_not_open_each_other(settings: Settings) -> None:
    job = done_job()
    keys = settings.WORKER_TOKEN_KEYS
    of_photos = token_api(issue_worker_token(job.public_id, [0, 1], 1, keys=keys))
    of_package = token_api(issue_package_token(job.public_id, "before_after.1", 1, keys=keys))
    claim = {"items": [0], "attempt": 1, "worker": "w"}

    assert of_photos.post(package_path(job), package_body(job)).status == 403
    assert of_package.post(f"/jobs/{job.public_id}/claim", claim).status == 403
    assert of_photos.post(f"/jobs/{job.public_id}/claim", claim).status == 200
