"""A presigned URL is good for one object, one method and its time, and for nothing else."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests

from jobs.tests.live_sets import KITCHEN
from jobs.tests.plain_client import Client
from s3project.bucket import storage_client
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_changed_upload_url_stores_and_reads_nothing(
    server: LiveStack, engines: EmbeddedStack
) -> None:
    victim, thief = Client(server.base_url), Client(server.base_url)
    victim.sign_up_anonymously()
    thief.sign_up_anonymously()
    theirs = victim.create_job("interior", 1)["upload"][0]["url"]
    assert requests.put(theirs, data=KITCHEN, timeout=20).status_code == 200
    url = thief.create_job("interior", 1)["upload"][0]["url"]

    path, other = urlsplit(url).path, urlsplit(theirs).path
    bucket = path.split("/")[1]
    changed = {
        "another's object": url.replace(path, other),
        "beside it": url.replace(path, path + "x"),
        "up the path": url.replace(path, f"{path}/../../{other.rpartition('/')[2]}"),
        "another bucket": url.replace(f"/{bucket}/", f"/{bucket}-spare/", 1),
        "the bucket": url.replace(path, f"/{bucket}/"),
        "longer": re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", url),
        "later": re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20991231", url),
        "another key": re.sub(r"X-Amz-Credential=[^%&]+", "X-Amz-Credential=admin", url),
        "unsigned": url.partition("?")[0],
        "signature cut": re.sub(r"X-Amz-Signature=(\w{10})\w+", r"X-Amz-Signature=\1", url),
        "no headers signed": re.sub(r"X-Amz-SignedHeaders=[^&]+", "X-Amz-SignedHeaders=", url),
        "an ACL": url + "&acl",
        "a multipart upload": url + "&uploads",
        "a copy of something": url + "&x-amz-copy-source=" + other,
    }
    for name, each in changed.items():
        for method in ("PUT", "POST", "GET", "DELETE"):
            answer = requests.request(method, each, data=b"x", timeout=20)
            assert answer.status_code >= 400, (method, name)
    for method in ("GET", "HEAD", "DELETE", "POST"):
        assert requests.request(method, url, timeout=20).status_code in (403, 405), method

    # The control: as it was given, it is good, and the victim's photo is what it was.
    assert requests.put(url, data=b"mine", timeout=20).status_code == 200
    stored = application(engines)
    assert body_of(stored, url) == b"mine"
    assert body_of(stored, theirs) == KITCHEN


def test_an_upload_url_copies_no_other_object(server: LiveStack, engines: EmbeddedStack) -> None:
    """A header turns an upload into a copy of whatever the signing key may read."""
    victim, thief = Client(server.base_url), Client(server.base_url)
    victim.sign_up_anonymously()
    thief.sign_up_anonymously()
    theirs = victim.create_job("interior", 1)["upload"][0]["url"]
    requests.put(theirs, data=KITCHEN, timeout=20).raise_for_status()
    url = thief.create_job("interior", 1)["upload"][0]["url"]

    for name in ("x-amz-copy-source", "X-Amz-Copy-Source"):
        source = {name: urlsplit(theirs).path}
        requests.put(url, headers=source, data=b"", timeout=20)
    stored = application(engines)
    listed = stored.list_objects_v2(Bucket="s3-images", Prefix=key_of(url)).get("Contents", [])
    assert [one["Size"] for one in listed if one["Size"] == len(KITCHEN)] == []


def application(engines: EmbeddedStack) -> Any:
    names = ("STORAGE_S3_ENDPOINT", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")
    return storage_client(*(engines.environment[name] for name in names))


def key_of(url: str) -> str:
    return unquote(urlsplit(url).path).removeprefix("/s3-images/")


def body_of(stored: Any, url: str) -> bytes:
    body: bytes = stored.get_object(Bucket="s3-images", Key=key_of(url))["Body"].read()
    return body
