"""Contract §4.4, `urls`: what a worker without a storage key is handed, and that it is no more."""

from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import pytest
import requests
from pytest_django import Settings

from jobs import keys
from jobs.gpu.keyed_store import KeyedStore
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.storage import worker_urls
from jobs.storage.bucket import presigner
from jobs.tests.factories import make_job, report, worker_api
from s3project import ids
from s3project.testing.api import Answer

pytestmark = pytest.mark.django_db

DIGEST = "ab" * 32
LEASE = timedelta(seconds=60)


def claim(job: JobCoordinator, *items: int, worker: str = "gpu-1:10", **more: Any) -> Answer:
    body = {"items": list(items), "attempt": 1, "worker": worker, "urls": True, **more}
    return worker_api().post(f"/jobs/{job.public_id}/claim", body)


def key_of(url: str) -> str:
    return unquote(urlsplit(url).path).removeprefix("/s3-images/")


def keys_of(answer: Answer) -> list[tuple[str, str]]:
    """(method, key) of all URLs of an answer."""
    found = []
    for one in answer.data["urls"]:
        found += [("GET", one["input"]), ("PUT", one["output"]), ("PUT", one["preview"])]
        for mask in one["masks"]:
            found.append(("GET", mask["get"]))
            if mask["put"] is not None:
                found.append(("PUT", mask["put"]))
            assert key_of(mask["get"]) == mask["key"]
    return [(method, key_of(url)) for method, url in found]


def test_only_who_asks_is_handed_urls() -> None:
    answer = claim(make_job(JobStatus.QUEUED), 0, urls=False, masks=["Wall"])

    assert answer.data == {"granted": [0], "job_status": "queued", "lease_seconds": 120}


def test_of_what_is_granted_the_photo_is_read_and_the_results_are_written() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    report(job, 1, ItemStatus.DONE)

    answer = claim(job, 0, 1, 2)

    assert answer.data["granted"] == [0, 2]
    assert [one["idx"] for one in answer.data["urls"]] == [0, 2]
    assert keys_of(answer) == [
        pair
        for idx in (0, 2)
        for pair in (
            ("GET", keys.input_key(job.user_id, job.id, idx)),
            ("PUT", keys.output_key(job.user_id, job.id, idx)),
            ("PUT", keys.preview_key(job.user_id, job.id, idx)),
        )
    ]


def test_nothing_is_handed_out_for_what_another_worker_has_or_is_over() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0, worker="gpu-2:20")

    assert claim(job, 0).data["urls"] == []
    assert claim(make_job(JobStatus.CANCELED), 0).data["urls"] == []


def test_the_photo_is_where_the_row_says() -> None:
    job = make_job(JobStatus.QUEUED)
    elsewhere = keys.input_key(job.user_id, uuid4(), 7)
    job.items.filter(idx=0).update(input_key=elsewhere)

    assert key_of(claim(job, 0).data["urls"][0]["input"]) == elsewhere


def test_masks_are_read_and_written_by_name_and_found_by_the_photo() -> None:
    job, other = make_job(JobStatus.QUEUED), uuid4()
    photo = {
        "idx": 0,
        "sha256": DIGEST,
        "masks_in": f"{ids.public_id(ids.JOB, other)}/7",
    }

    answer = claim(job, 0, 1, masks=["Wall", "벽", "Wall"], photos=[photo])

    own, found = (
        keys.mask_stem(job.user_id, job.id, 0),
        keys.mask_stem(job.user_id, other, 7),
    )
    written = [
        keys.instances_key(own),
        keys.mask_key(own, "Wall"),
        keys.mask_key(own, "벽"),
        keys.by_photo_key(job.user_id, DIGEST),
    ]
    read = [keys.instances_key(found), keys.mask_key(found, "Wall"), keys.mask_key(found, "벽")]
    first, second = answer.data["urls"]
    assert [mask["key"] for mask in first["masks"]] == [*written, *read]
    assert [mask["put"] is None for mask in first["masks"]] == [False] * 4 + [True] * 3
    assert second["masks"] == []
    assert claim(job, 0, masks=["Wall"]).data["urls"][0]["masks"][1]["key"] == written[1]


def test_whatever_is_asked_for_no_url_leads_to_another_user() -> None:
    mine, victims = make_job(JobStatus.QUEUED), make_job(JobStatus.QUEUED)
    photo = {"idx": 0, "sha256": DIGEST, "masks_in": f"{victims.public_id}/0"}

    answer = claim(mine, 0, masks=["../../x", f"{victims.public_id}/0_Wall"], photos=[photo])

    folder = ids.public_id(ids.USER, mine.user_id)
    assert len(keys_of(answer)) > 10
    assert [key for _, key in keys_of(answer) if key.split("/")[1] != folder] == []


class Earlier:
    """A clock that is a lease behind."""

    @staticmethod
    def now(tz: tzinfo) -> datetime:
        return datetime.now(tz) - LEASE


def test_the_urls_work_for_what_they_are_for_and_end_with_the_lease(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORK_LEASE = LEASE
    job = make_job(JobStatus.QUEUED)
    KeyedStore().write(keys.input_key(job.user_id, job.id, 0), b"a photo", "image/jpeg")

    [urls] = claim(job, 0).data["urls"]

    assert parse_qs(urlsplit(urls["input"]).query)["X-Amz-Expires"] == ["60"]
    assert requests.get(urls["input"], timeout=10).content == b"a photo"
    assert requests.put(urls["output"], data=b"a result", timeout=10).status_code == 200
    assert requests.put(urls["input"], data=b"x", timeout=10).status_code == 403
    assert requests.get(urls["output"], timeout=10).status_code == 403
    other = urls["input"].replace("/0.jpg", "/1.jpg")
    assert requests.get(other, timeout=10).status_code == 403
    monkeypatch.setattr(worker_urls, "datetime", Earlier)
    [over] = claim(job, 0).data["urls"]
    assert requests.get(over["input"], timeout=10).status_code == 403
    assert KeyedStore().read(keys.output_key(job.user_id, job.id, 0)) == b"a result"


def test_they_lead_where_workers_reach_the_storage(settings: Settings) -> None:
    settings.STORAGE_WORKER_ENDPOINT = "https://inside.example:8443"
    presigner.cache_clear()
    try:
        [urls] = claim(make_job(JobStatus.QUEUED), 0).data["urls"]
    finally:
        presigner.cache_clear()

    assert {urlsplit(urls[name]).netloc for name in ("input", "output", "preview")} == {
        "inside.example:8443"
    }


def test_urls_cost_no_statement_more(django_assert_num_queries: Any) -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0, urls=False)
    photo = {"idx": 0, "sha256": DIGEST}
    statements = 4  # of a claim without them as well: see below

    with django_assert_num_queries(statements):
        claim(job, 0, urls=False)
    with django_assert_num_queries(statements):
        assert claim(job, 0, masks=["Wall"], photos=[photo]).data["urls"][0]["masks"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"urls": 1}, "urls"),
        ({"masks": "Wall"}, "masks"),
        ({"masks": ["w" * 65]}, "masks.0"),
        ({"masks": ["w"] * 201}, "masks"),
        ({"items": list(range(6)), "masks": [str(n) for n in range(200)]}, "masks"),
        ({"photos": {}}, "photos"),
        ({"photos": [{"idx": 0}]}, "photos.0.sha256"),
        ({"photos": [{"idx": 0, "sha256": DIGEST.upper()}]}, "photos.0.sha256"),
        ({"photos": [{"idx": 0, "sha256": "../" + DIGEST[3:]}]}, "photos.0.sha256"),
        ({"photos": [{"idx": 0, "sha256": DIGEST, "masks_in": "x/0"}]}, "photos.0.masks_in"),
        (
            {"photos": [{"idx": 0, "sha256": DIGEST, "masks_in": f"job_{'0' * 32}/../1"}]},
            "photos.0.masks_in",
        ),
        ({"photos": [{"idx": 0, "sha256": DIGEST}] * 201}, "photos"),
    ],
)
def test_what_is_asked_for_is_bounded(more: dict[str, Any], field: str) -> None:
    job = make_job(JobStatus.QUEUED, items=6)

    answer = claim(job, 0, **more)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]
