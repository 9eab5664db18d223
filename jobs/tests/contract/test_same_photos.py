"""Contract §3.4, what the tests of the endpoint do not hold by themselves."""

from urllib.parse import unquote, urlsplit

import pytest

from jobs.models import JobCoordinator, JobItem
from jobs.states import JobStatus
from jobs.tests.factories import make_job, poll, worker_api
from s3project import ids
from s3project.testing.api import Api
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def second_look(source: JobCoordinator, api: Api, **fields: object) -> JobCoordinator:
    made = api.post("/jobs", {"source_job_id": source.public_id, **fields}).data
    return JobCoordinator.objects.get_job(ids.parse_public_id(ids.JOB, made["job_id"]))


def test_the_preset_is_the_sources_unless_another_one_is_given() -> None:
    source = make_job(JobStatus.DONE, preset="seller", user=make_user(plan="pro"))
    api = api_of(source.user)

    looks = [second_look(source, api), second_look(source, api, preset="interior")]

    assert [poll(look).data["preset"] for look in looks] == ["seller", "interior"]


def test_the_key_in_the_row_is_what_a_worker_reads_whatever_it_is() -> None:
    source = make_job(JobStatus.DONE, items=3)
    api = api_of(source.user)
    look = second_look(source, api, items=[2])
    # Nobody could make this key from ids.
    moved = f"inputs/{source.user.public_id}/elsewhere/7.jpg"
    JobItem.objects.filter(job=look).update(input_key=moved)
    api.post(f"/jobs/{look.public_id}/execute", {"concepts": {}})

    claim = {"items": [0], "attempt": 1, "worker": "gpu-1:10", "urls": True}
    [urls] = worker_api().post(f"/jobs/{look.public_id}/claim", claim).data["urls"]

    assert unquote(urlsplit(urls["input"]).path).endswith(f"/{moved}")
    assert f"/{look.public_id}/0_result.png" in urls["output"]


def test_the_photos_of_a_deleted_source_go_with_the_last_job_that_uses_them() -> None:
    source = make_job(JobStatus.DONE, user=make_user(plan="pro"))
    api = api_of(source.user)
    look = second_look(source, api, items=[1])
    api.delete(f"/jobs/{source.public_id}")

    # The look itself can be looked at again, over the photo that is kept for it.
    last = second_look(look, api)
    assert [item["source"] for item in poll(last).data["items"]] == [
        {"job_id": look.public_id, "idx": 0}
    ]
    for job in (look, last):
        api.post(f"/jobs/{job.public_id}/cancel")
    answer = api.post("/jobs", {"source_job_id": last.public_id})
    assert answer.refusal == (409, "SOURCE_GONE")
