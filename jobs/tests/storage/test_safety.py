"""What a URL that we hand out can be used for, tried on the real storage."""

import pytest
import requests
from django.conf import settings

from jobs import keys
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage import bucket
from jobs.tests.factories import make_job
from jobs.tests.objects import objects_of, store_input, store_results
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db

PAGE = "https://photos.example.org"


def upload_url(job: JobCoordinator) -> str:
    """As the client has it from the API."""
    url: str = api_of(job.user).get(f"/jobs/{job.public_id}").data["upload"][0]["url"]
    return url


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
def test_an_upload_url_only_uploads(method: str) -> None:
    job = make_job()
    store_input(job, 0)

    answer = requests.request(method, upload_url(job), timeout=10)

    assert answer.status_code in (403, 405)
    assert objects_of(job) == {"inputs": 1}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_result_url_only_downloads(method: str) -> None:
    job = make_job(JobStatus.DONE)
    store_results(job, 0)
    output = api_of(job.user).get(f"/jobs/{job.public_id}").data["outputs_ready"][0]

    for url in (output["result_url"], output["preview_url"]):
        answer = requests.request(method, url, data=b"another result", timeout=10)
        assert answer.status_code in (403, 405)

    assert requests.get(output["result_url"], timeout=10).content == b"a result"


def test_a_result_url_opens_no_other_result() -> None:
    job = make_job(JobStatus.DONE)
    store_results(job, 0)
    store_results(job, 1)
    first, second = api_of(job.user).get(f"/jobs/{job.public_id}").data["outputs_ready"]
    _, _, query = first["result_url"].partition("?")

    for other in (second["result_url"], first["preview_url"]):
        answer = requests.get(f"{other.partition('?')[0]}?{query}", timeout=10)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-copy-source": "/{bucket}/{key}"},
        {"x-amz-acl": "public-read"},
        {"x-amz-website-redirect-location": "https://elsewhere.example.org"},
        {"x-amz-object-lock-legal-hold": "ON"},
    ],
)
def test_an_upload_url_carries_no_order_that_was_not_signed(headers: dict[str, str]) -> None:
    """Only the host is signed; the storage must refuse orders in headers that are not. Else
    whoever may upload one photo could copy any object whose key he knows."""
    theirs, mine = make_job(), make_job()
    store_input(theirs, 0, b"somebody's photo")
    source = keys.input_key(theirs.user_id, theirs.id, 0)
    filled = {
        name: value.format(bucket=settings.STORAGE_BUCKET, key=source)
        for name, value in headers.items()
    }

    answer = requests.put(upload_url(mine), headers=filled, timeout=10)

    assert answer.status_code == 403
    assert objects_of(mine) == {}


@pytest.mark.parametrize("extra", ["uploads", "acl", "tagging", "partNumber=1&uploadId=1"])
def test_an_upload_url_cannot_be_extended(extra: str) -> None:
    job = make_job()

    answer = requests.put(f"{upload_url(job)}&{extra}", data=b"x", timeout=10)

    assert answer.status_code == 403
    assert objects_of(job) == {}


def test_without_a_signature_nothing_can_be_listed_or_read() -> None:
    job = make_job(JobStatus.DONE)
    store_results(job, 0)
    key = keys.output_key(job.user_id, job.id, 0)
    bucket = f"{settings.STORAGE_S3_ENDPOINT}/{settings.STORAGE_BUCKET}"

    for url in (settings.STORAGE_S3_ENDPOINT, bucket, f"{bucket}/?list-type=2", f"{bucket}/{key}"):
        assert requests.get(url, timeout=10).status_code == 403


# --- CORS, as a browser asks for it -----------------------------------------------------------


def preflight(url: str, method: str, headers: str = "") -> requests.Response:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return requests.options(url, headers=asked, timeout=10)


def test_a_browser_may_upload_with_a_content_type() -> None:
    url = upload_url(make_job())

    answer = preflight(url, "PUT", "content-type")

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] in (PAGE, "*")
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].lower() in ("content-type", "*")
    assert int(answer.headers["Access-Control-Max-Age"]) >= 600
    sent = requests.put(
        url, data=b"x", headers={"Origin": PAGE, "Content-Type": "image/png"}, timeout=10
    )
    assert sent.status_code == 200
    assert sent.headers["Access-Control-Allow-Origin"] in (PAGE, "*")
    assert "ETag" in sent.headers["Access-Control-Expose-Headers"]


def test_a_browser_may_read_a_result() -> None:
    job = make_job(JobStatus.DONE)
    store_results(job, 0)
    output = api_of(job.user).get(f"/jobs/{job.public_id}").data["outputs_ready"][0]

    answer = requests.get(output["result_url"], headers={"Origin": PAGE}, timeout=10)

    assert answer.content == b"a result"
    assert answer.headers["Access-Control-Allow-Origin"] in (PAGE, "*")


def test_a_browser_may_not_delete() -> None:
    answer = preflight(upload_url(make_job()), "DELETE")

    assert "DELETE" not in answer.headers.get("Access-Control-Allow-Methods", "")


def test_the_rules_are_those_of_the_stack() -> None:
    rules = bucket.photo_storage().client.get_bucket_cors(Bucket=settings.STORAGE_BUCKET)

    [rule] = rules["CORSRules"]
    assert rule["AllowedOrigins"] == ["*"]
    assert sorted(rule["AllowedMethods"]) == ["GET", "HEAD", "PUT"]
