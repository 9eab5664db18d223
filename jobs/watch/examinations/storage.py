"""The bucket, as clients use it: a photo of a few bytes goes there and back by presigned URLs, a
stranger asks for it, and then it is deleted; the pages that use the API ask whether they may
upload."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from django.conf import settings

from jobs.storage.bucket import photo_storage, presign_downloads, presign_uploads
from jobs.watch.examinations.diagnosis import TIMEOUT, Diagnosis, State, skew
from s3project import ids
from s3project.wording import listed

PART = "storage"
BODY = b"doctor"
ASKED = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "content-type",
}


def examine_storage() -> Iterator[Diagnosis]:
    key = f"doctor/{ids.new_id().hex}"
    [url] = presign_uploads([(key, None)])
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.put(url, data=BODY, timeout=TIMEOUT)
            found = f"a presigned PUT to {settings.STORAGE_PUBLIC_ENDPOINT}: {answer.status_code}"
            if answer.ok:
                yield Diagnosis(PART, State.OK, found)
                yield from _read(session, key)
            else:
                hint = "keys, clock, and STORAGE_PUBLIC_ENDPOINT as clients reach it"
                yield Diagnosis(PART, State.ERROR, found, hint)
        finally:
            photo_storage().delete_keys([key])
        yield from _browsers(session, url)
    if "date" in answer.headers:
        yield from skew(PART, parsedate_to_datetime(answer.headers["date"]))


def _read(session: requests.Session, key: str) -> Iterator[Diagnosis]:
    storage = photo_storage()
    stored = storage.client.get_object(Bucket=storage.bucket_name, Key=key)["Body"].read()
    if stored != BODY:
        hint = "STORAGE_PUBLIC_ENDPOINT and STORAGE_S3_ENDPOINT must lead to one bucket"
        yield Diagnosis(PART, State.ERROR, "what was put is not there", hint)
    [url] = presign_downloads([(key, "")], at=datetime.now(UTC))
    answer = session.get(url, timeout=TIMEOUT)
    if answer.content != BODY:
        found = f"a presigned GET: {answer.status_code}"
        hint = "GetObject for the key pair, and a front that leaves the query alone"
        yield Diagnosis(PART, State.ERROR, found, hint)
    bare = session.get(url.partition("?")[0], timeout=TIMEOUT)
    if bare.content == BODY:
        hint = "take the public access of the bucket away: photos are their users' only"
        yield Diagnosis(PART, State.ERROR, "anybody can read it without a URL of ours", hint)


def _browsers(session: requests.Session, url: str) -> Iterator[Diagnosis]:
    """Whether the studio and the pages of CORS_ALLOWED_ORIGINS may upload."""
    origins = [origin_of(settings.PUBLIC_BASE_URL), *settings.CORS_ALLOWED_ORIGINS]
    refused = []
    for origin in origins:
        answer = session.options(url, headers={"Origin": origin, **ASKED}, timeout=TIMEOUT)
        if answer.headers.get("access-control-allow-origin") not in ("*", origin):
            refused.append(origin)
    if refused:
        found = f"pages of {listed(refused, 'and')} may not upload (CORS)"
        hint = "python -m s3project.bucket sets the rule"
        yield Diagnosis(PART, State.WARNING, found, hint)
    else:
        found = f"pages of {listed(origins, 'and')} may upload (CORS)"
        yield Diagnosis(PART, State.OK, found)


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
