"""Contract §3.8, what the tests of the endpoints do not hold by themselves."""

import pytest

from jobs.states import JobStatus
from jobs.tests.factories import make_job, poll
from jobs.tests.packages import done_job, report_package
from s3project.testing.api import Api
from users.tests.factories import api_of, ledger_of

pytestmark = pytest.mark.django_db


def test_a_server_orders_watches_and_deletes_by_its_key() -> None:
    job = make_job(JobStatus.UPLOADED)
    key = Api(api_of(job.user).post("/me/keys", {"name": "shop"}).data["key"])

    assert key.post(f"/jobs/{job.public_id}/execute", {"concepts": {}}).status == 202
    assert key.get(f"/jobs/{job.public_id}/events").status == 200
    assert key.post(f"/jobs/{job.public_id}/cancel").status == 200
    assert key.delete(f"/jobs/{job.public_id}").data["deleted"] is True
    [shown] = key.get("/me/keys").data
    assert (shown["name"], shown["last_used_at"][14:]) == ("shop", "00:00.000Z")


def test_a_deleted_job_shows_no_result_and_no_package_and_keeps_its_place_and_its_books() -> None:
    job = done_job()
    report_package(job)
    before, ledger = poll(job).data, ledger_of(job.user)
    api = api_of(job.user)

    api.delete(f"/jobs/{job.public_id}")

    after = poll(job).data
    assert (after["expired"], after["outputs_ready"], after["packages"]) == (True, [], [])
    kept = ("status", "progress", "credits", "created_at", "finished_at", "concepts")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert [one["job_id"] for one in api.get("/jobs").data] == [job.public_id]
    assert ledger_of(job.user) == ledger
