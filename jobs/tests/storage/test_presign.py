"""Our presigned URLs are botocore's own, letter for letter, and the storage accepts them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import botocore.auth
import pytest
import requests
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.conf import settings
from django.utils.http import content_disposition_header

from jobs import keys
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage import bucket
from jobs.storage.presign import Presigner, rounded
from jobs.tests.factories import make_job
from users.tests.factories import api_of, make_user

NOON = datetime(2026, 2, 26, 12, 0, 0, tzinfo=UTC)
ACCESS_KEY, SECRET_KEY = "AKIA/EX+AMPLE", "wJalr/XUtnFEMI=K7"


def botocore_url(
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    url: str,
    *,
    region: str,
    expires_in: int,
    headers: Mapping[str, str] | None = None,
) -> str:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON.replace(tzinfo=None))
    request = AWSRequest(method=method, url=url, headers=headers)
    credentials = Credentials(ACCESS_KEY, SECRET_KEY)
    S3SigV4QueryAuth(credentials, "s3", region, expires=expires_in).add_auth(request)
    signed: str = request.url
    return signed


def signer_of(endpoint: str = "https://photos.example.org", region: str = "auto") -> Presigner:
    return Presigner(
        endpoint=endpoint,
        region=region,
        bucket="s3-images",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
    )


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    ("endpoint", "region", "expires_in"),
    [
        ("http://127.0.0.1:8333", "us-east-1", 3600),
        ("https://photos.example.org", "eu-central-1", 1),
        ("https://account.r2.cloudflarestorage.com", "auto", 604800),
    ],
)
@pytest.mark.parametrize(
    ("key", "quoted"),
    [
        ("inputs/u_1/job_1/0.jpg", "inputs/u_1/job_1/0.jpg"),
        ("masks/u_1/job_1/0_Glass highlight.png", "masks/u_1/job_1/0_Glass%20highlight.png"),
        ("masks/u_1/job_1/0_벽.png", "masks/u_1/job_1/0_%EB%B2%BD.png"),
        ("a+b=c&d~e,(f)!.png", "a%2Bb%3Dc%26d~e%2C%28f%29%21.png"),
    ],
)
def test_a_url_is_the_one_that_botocore_signs(
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    endpoint: str,
    region: str,
    expires_in: int,
    key: str,
    quoted: str,
) -> None:
    signer = signer_of(endpoint, region)
    if method == "PUT":
        [url] = signer.puts([(key, None)], at=NOON, expires_in=expires_in)
    else:
        [url] = signer.gets([(key, "")], at=NOON, expires_in=expires_in)

    assert url == botocore_url(
        monkeypatch,
        method,
        f"{endpoint}/s3-images/{quoted}",
        region=region,
        expires_in=expires_in,
    )


def test_a_declared_length_is_signed_as_botocore_signs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    [url] = signer_of().puts([("inputs/x.jpg", 123_456)], at=NOON, expires_in=60)

    assert url == botocore_url(
        monkeypatch,
        "PUT",
        "https://photos.example.org/s3-images/inputs/x.jpg",
        region="auto",
        expires_in=60,
        headers={"Content-Length": "123456"},
    )


@pytest.mark.parametrize("name", ["kitchen-0.png", "거실 1-0.png", 'a"b;c-0.png'])
def test_a_name_to_save_under_is_signed_as_botocore_signs_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disposition = content_disposition_header(True, name) or ""
    [url] = signer_of().gets([("outputs/x.png", disposition)], at=NOON, expires_in=60)

    parameter = urlencode({"response-content-disposition": disposition}, quote_via=quote, safe="")
    theirs = botocore_url(
        monkeypatch,
        "GET",
        f"https://photos.example.org/s3-images/outputs/x.png?{parameter}",
        region="auto",
        expires_in=60,
    )
    # Theirs has the parameter in front; the signature is over all of them in order.
    assert sorted(parse_qsl(urlsplit(url).query)) == sorted(parse_qsl(urlsplit(theirs).query))


@pytest.mark.usefixtures("engines")
def test_only_the_host_is_signed_and_no_checksum_is_asked_for() -> None:
    [url] = bucket.presign_uploads([("inputs/x.jpg", None)])

    assert "X-Amz-SignedHeaders=host&" in url
    assert "checksum" not in url.lower()
    assert "Content-Type" not in url


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1:8333", "ftp://x", "https://"])
def test_without_a_usable_endpoint_nothing_is_signed(endpoint: str) -> None:
    with pytest.raises(ValueError, match="must be configured"):
        Presigner(endpoint=endpoint, region="r", bucket="b", access_key="a", secret_key="s")


@pytest.mark.parametrize(
    ("minute", "second", "start"), [(0, 0, 0), (14, 59, 0), (15, 0, 15), (29, 59, 15), (59, 1, 45)]
)
def test_the_clock_of_downloads_is_rounded_down_to_the_quarter(
    minute: int, second: int, start: int
) -> None:
    moment = NOON.replace(minute=minute, second=second, microsecond=5)

    assert rounded(moment) == NOON.replace(minute=start)


def test_a_url_of_the_rounded_clock_is_valid_for_three_quarters_of_an_hour() -> None:
    handed_out = NOON + timedelta(minutes=14, seconds=59)

    expires_in = settings.PRESIGNED_URL_SECONDS
    [url] = signer_of().gets([("outputs/x.png", "")], at=rounded(handed_out), expires_in=expires_in)

    query = dict(part.split("=") for part in url.partition("?")[2].split("&"))
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    until = signed_at + timedelta(seconds=int(query["X-Amz-Expires"]))
    assert (signed_at, until) == (NOON, NOON + timedelta(hours=1))
    assert until - handed_out > timedelta(minutes=45)


# --- Against the real storage ----------------------------------------------------------------


@pytest.fixture
def job(db: None) -> Iterator[JobCoordinator]:
    job = make_job()
    yield job
    bucket.photo_storage().delete_below([keys.input_prefix(job.user_id, job.id)])


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "image/png", "image/heic", "application/octet-stream", None]
)
def test_a_photo_can_be_put_with_any_content_type(
    job: JobCoordinator, content_type: str | None
) -> None:
    [url] = bucket.presign_uploads([(keys.input_key(job.user_id, job.id, 0), None)])
    headers = {"Content-Type": content_type} if content_type else {}

    answer = requests.put(url, data=b"a photo", headers=headers, timeout=10)

    assert answer.status_code == 200, answer.text
    sizes = bucket.photo_storage().sizes(keys.input_prefix(job.user_id, job.id))
    assert sizes == {keys.input_key(job.user_id, job.id, 0): 7}


@pytest.mark.parametrize(("size", "status"), [(7, 200), (6, 403), (8, 403), (0, 403)])
def test_a_photo_of_another_length_than_declared_is_refused(
    job: JobCoordinator, size: int, status: int
) -> None:
    [url] = bucket.presign_uploads([(keys.input_key(job.user_id, job.id, 0), 7)])

    answer = requests.put(url, data=b"x" * size, timeout=10)

    assert answer.status_code == status
    assert len(bucket.photo_storage().sizes(keys.input_prefix(job.user_id, job.id))) == (size == 7)


def test_the_url_of_one_photo_does_not_open_another(job: JobCoordinator) -> None:
    first = keys.input_key(job.user_id, job.id, 0)
    second = keys.input_key(job.user_id, job.id, 1)
    [url] = bucket.presign_uploads([(first, None)])

    other_key = requests.put(url.replace(first, second), data=b"x", timeout=10)
    other_method = requests.get(url, timeout=10)
    altered = requests.put(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"), timeout=10)
    unsigned = requests.put(url.partition("?")[0], data=b"x", timeout=10)

    for answer in (other_key, other_method, altered, unsigned):
        assert answer.status_code == 403
    assert bucket.photo_storage().sizes(keys.input_prefix(job.user_id, job.id)) == {}


def test_an_expired_url_is_refused(job: JobCoordinator) -> None:
    key = keys.input_key(job.user_id, job.id, 0)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1, seconds=5)
    [url] = bucket.presign_uploads([(key, None)], at=an_hour_ago)

    assert requests.put(url, data=b"x", timeout=10).status_code == 403


@pytest.mark.django_db
def test_confirm_names_the_photos_that_are_absent_or_empty() -> None:
    user = make_user()
    api = api_of(user)
    created = api.post("/jobs", {"preset": "interior", "item_count": 4}).data
    for idx, photo in ((0, b"a photo"), (2, b"")):
        url = created["upload"][idx]["url"]
        assert requests.put(url, data=photo, timeout=10).status_code == 200

    answer = api.post(created["confirm_url"])

    assert answer.data == {
        "job_id": created["job_id"],
        "status": JobStatus.UPLOADED,
        "confirmed": True,
        "missing": [1, 2, 3],
        "problems": [
            {"idx": 1, "problem": "absent"},
            {"idx": 2, "problem": "empty"},
            {"idx": 3, "problem": "absent"},
        ],
    }


@pytest.mark.django_db
def test_confirm_names_a_photo_over_25_mebibytes() -> None:
    api = api_of(make_user())
    created = api.post("/jobs", {"preset": "interior", "item_count": 2}).data
    limit = 25 * 1024 * 1024
    for part, size in zip(created["upload"], (limit, limit + 1), strict=True):
        assert requests.put(part["url"], data=b"\x00" * size, timeout=30).status_code == 200

    assert api.post(created["confirm_url"]).data["missing"] == [1]
