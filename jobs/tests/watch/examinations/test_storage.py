"""The bucket: there and back by presigned URLs, closed to strangers, open to browsers."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from jobs.storage import bucket
from jobs.tests.watch.examinations.told import findings
from s3project.bucket import CORS
from s3project.embedded.stack import EmbeddedStack

PUBLIC = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
"Action": "s3:GetObject", "Resource": "arn:aws:s3:::s3-images/doctor/*"}]}"""


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Who signs is remembered by its address."""
    bucket.presigner.cache_clear()
    yield
    bucket.presigner.cache_clear()


@pytest.fixture
def maker(engines: EmbeddedStack) -> Any:
    """Whoever made the bucket."""
    return engines.storage_admin()


def test_a_bucket_that_is_right(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example"]
    assert findings("storage") == [
        ("ok", f"a presigned PUT to {settings.STORAGE_PUBLIC_ENDPOINT}: 200"),
        ("ok", f"pages of {settings.PUBLIC_BASE_URL} and https://a.example may upload (CORS)"),
    ]
    assert bucket.photo_storage().sizes("doctor/") == {}, "what it put is gone"


def test_a_secret_key_that_is_wrong_is_an_error(settings: Settings, forgotten: None) -> None:
    settings.STORAGE_SECRET_KEY = "somebody-elses-key"

    assert findings("storage")[0] == (
        "error", f"a presigned PUT to {settings.STORAGE_PUBLIC_ENDPOINT}: 403",
    )  # fmt: skip


def test_pages_that_may_not_upload_are_named(maker: Any, settings: Settings) -> None:
    [rule] = CORS["CORSRules"]
    ours = {**rule, "AllowedOrigins": [settings.PUBLIC_BASE_URL]}
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example"]
    maker.put_bucket_cors(Bucket=settings.STORAGE_BUCKET, CORSConfiguration={"CORSRules": [ours]})
    try:
        found = findings("storage")
    finally:
        maker.put_bucket_cors(Bucket=settings.STORAGE_BUCKET, CORSConfiguration=CORS)

    assert found[1:] == [("warning", "pages of https://a.example may not upload (CORS)")]


def test_a_bucket_that_anybody_may_read_is_an_error(maker: Any, settings: Settings) -> None:
    maker.put_bucket_policy(Bucket=settings.STORAGE_BUCKET, Policy=PUBLIC)
    try:
        found = findings("storage")
    finally:
        maker.delete_bucket_policy(Bucket=settings.STORAGE_BUCKET)

    assert ("error", "anybody can read it without a URL of ours") in found
