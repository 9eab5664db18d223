"""GET /jobs/{id}: what a client sees of its job."""

import pytest
import requests

from jobs import keys
from jobs.lifecycle import services
from jobs.models import ItemResult
from jobs.models.results import FoundInstance
from jobs.states import ItemStatus, JobStatus
from jobs.storage import bucket
from jobs.tests.factories import callback_body, callback_path, make_job, poll, report, worker_api
from s3project.api.envelope import timestamp
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db


def test_a_new_job_shows_its_photos_and_where_to_send_them() -> None:
    job = make_job()

    data = poll(job).data

    upload, _ = data.pop("upload"), data.pop("events_url")
    assert data == {
        "job_id": job.public_id,
        "status": "created",
        "preset": "interior",
        "rule_id": None,
        "source_job_id": None,
        "concepts": {},
        "protect": [],
        "output_template": None,
        "metadata": {},
        "credits": {"reserved": 2, "refunded": None, "charged": None},
        "created_at": timestamp(job.created_at),
        "finished_at": None,
        "expires_at": None,
        "expired": False,
        "progress": {"done": 0, "failed": 0, "total": 2},
        "items": [{"idx": 0, "status": "pending"}, {"idx": 1, "status": "pending"}],
        "outputs_ready": [],
        "packages": [],
    }
    assert [part["key"] for part in upload] == [
        keys.input_key(job.user_id, job.id, idx) for idx in range(2)
    ]
    answer = requests.put(upload[0]["url"], data=b"a photo", timeout=10)
    assert answer.status_code == 200
    bucket.photo_storage().delete_below([keys.input_prefix(job.user_id, job.id)])


@pytest.mark.parametrize("status", [status for status in JobStatus if status != "created"])
def test_after_the_upload_no_upload_address_is_shown(status: JobStatus) -> None:
    assert "upload" not in poll(make_job(status)).data


def test_outputs_are_those_of_done_photos_in_order() -> None:
    job = make_job(JobStatus.QUEUED, items=4)
    report(job, 2)
    report(job, 1, ItemStatus.FAILED)
    report(job, 0)

    data = poll(job).data

    assert data["progress"] == {"done": 2, "failed": 1, "total": 4}
    assert data["items"] == [
        {"idx": 0, "status": "done"},
        {"idx": 1, "status": "failed", "error": "photo 1 is broken"},
        {"idx": 2, "status": "done"},
        {"idx": 3, "status": "pending"},
    ]
    assert [output["idx"] for output in data["outputs_ready"]] == [0, 2]
    for output in data["outputs_ready"]:
        idx = output["idx"]
        assert f"/{keys.output_key(job.user_id, job.id, idx)}?" in output["result_url"]
        assert f"/{keys.preview_key(job.user_id, job.id, idx)}?" in output["preview_url"]
        assert f"/{keys.input_key(job.user_id, job.id, idx)}?" in output["input_url"]


def test_a_done_photo_tells_where_its_concepts_lie_while_it_is_kept() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    found: dict[str, list[FoundInstance]] = {
        "Window": [
            {"box": [0.1, 0.2, 0.3, 0.5], "share": 0.4, "score": 0.93},
            {"box": [0.6, 0.2, 0.9, 0.6], "share": 0.6, "score": 0.9},
        ],
        "Mug": [{"box": [0, 0, 1, 1], "share": 1, "colour": "#b23a2e"}],
    }
    result = ItemResult(0, ItemStatus.DONE, "k", instances=found)
    services.record_item_result(job_id=job.id, result=result)
    report(job, 1)

    items = poll(job).data["items"]
    assert items == [
        {"idx": 0, "status": "done", "instances": found},
        {"idx": 1, "status": "done"},
    ]
    assert list(items[0]["instances"]) == ["Window", "Mug"], "not in their order"
    api_of(job.user).delete(f"/jobs/{job.public_id}")
    assert poll(job).data["items"][0] == {"idx": 0, "status": "done"}


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("kitchen.HEIC", "kitchen-0-original.heic"),
        ("page.html", "page-0-original.jpg"),
        ("", "{job}-0-original.jpg"),
    ],
)
def test_a_photo_as_it_was_sent_is_saved_and_never_opened(name: str, saved: str) -> None:
    """Its bytes and its Content-Type are the sender's: opened as a page they could be one."""
    job = make_job(JobStatus.DONE, items=1)
    job.items.update(name=name)
    key = keys.input_key(job.user_id, job.id, 0)
    client = bucket.photo_storage().client
    page = b"<script>alert(1)</script>"
    client.put_object(Bucket="s3-images", Key=key, Body=page, ContentType="text/html")

    answer = requests.get(poll(job).data["outputs_ready"][0]["input_url"], timeout=10)

    named = saved.format(job=job.public_id)
    assert answer.content == page
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{named}"'
    bucket.photo_storage().delete_below([keys.input_prefix(job.user_id, job.id)])


def test_the_addresses_of_results_work_without_a_header_and_stay_the_same() -> None:
    job = make_job(JobStatus.DONE, items=1)
    client = bucket.photo_storage().client
    key = keys.output_key(job.user_id, job.id, 0)
    client.put_object(Bucket="s3-images", Key=key, Body=b"a result", ContentType="image/png")

    first, second = (poll(job).data["outputs_ready"][0]["result_url"] for _ in range(2))

    assert first == second
    assert requests.get(first, timeout=10).content == b"a result"
    bucket.photo_storage().delete_below(keys.output_prefixes(job.user_id, job.id))


def test_a_finished_job_shows_when_it_finished() -> None:
    job = make_job(JobStatus.DONE)

    assert job.finished_at is not None
    assert poll(job).data["finished_at"] == timestamp(job.finished_at)


def test_a_canceled_job_shows_no_results() -> None:
    job = make_job(JobStatus.RUNNING)
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    data = poll(job).data

    assert (data["status"], data["outputs_ready"]) == ("canceled", [])


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("the photo was never uploaded", "the photo was never uploaded"),
        ("too large (26 MiB)", "too large (26 MiB)"),
        ("worker_lost", "worker_lost"),
        ("사진을 읽을 수 없습니다", "사진을 읽을 수 없습니다"),
        ("", "the photo could not be processed"),
        ("Traceback (most recent call last):\n File", "the photo could not be processed"),
        ("no route to 10.0.0.3", "the photo could not be processed"),
        ("cannot reach gpu.internal", "the photo could not be processed"),
        ("inputs/u_1/job_1/0.jpg is bad", "the photo could not be processed"),
        ("key=AKIA", "the photo could not be processed"),
        ("x" * 201, "the photo could not be processed"),
    ],
)
def test_an_error_is_shown_only_when_it_tells_nothing_internal(error: str, shown: str) -> None:
    job = make_job(JobStatus.QUEUED)
    worker_api().post(callback_path(job), callback_body(job, 0, "failed", error=error))

    item = poll(job).data["items"][0]

    assert item["status"] == "failed"
    assert item.get("error") == shown


def test_warnings_of_a_done_photo_are_shown() -> None:
    job = make_job(JobStatus.QUEUED)
    body = callback_body(job, 0, warnings=["Ceiling was not found"])
    worker_api().post(callback_path(job), body)

    assert poll(job).data["items"][0] == {
        "idx": 0,
        "status": "done",
        "warnings": ["Ceiling was not found"],
    }
