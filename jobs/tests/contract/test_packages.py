"""Contract §3.5, what the tests of the endpoints do not hold by themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from jobs.models import JobCoordinator, JobPackage
from jobs.states import JobStatus
from jobs.tests.clock import DAY, age
from jobs.tests.factories import callback_body, callback_path, make_job, poll, worker_api
from jobs.tests.packages import done_job, package_body, package_path
from jobs.upkeep.package_sweep import dispatch_due_packages
from s3project.testing.api import Answer
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db


def ordered(job: JobCoordinator, template: str = "전후비교") -> None:
    """An uploaded job is executed, with a package in the order."""
    body = {"concepts": {}, "output_template": template}
    assert api_of(job.user).post(f"/jobs/{job.public_id}/execute", body).status == 202


def tell(job: JobCoordinator, idx: int, status: str = "done") -> str:
    """What the job is after a worker's callback."""
    answer = worker_api().post(callback_path(job), callback_body(job, idx, status))
    return str(answer.data["job_status"])


def states(job: JobCoordinator) -> list[tuple[str, str]]:
    return [(one["alias"], one["status"]) for one in poll(job).data["packages"]]


def test_the_order_names_a_package_and_the_last_photo_begins_it() -> None:
    job = make_job(JobStatus.UPLOADED)
    ordered(job)
    assert tell(job, 0) == "running"
    assert states(job) == []

    assert tell(job, 1) == "done"

    assert states(job) == [("before_after", "pending")]


def test_a_package_costs_nothing_whatever_becomes_of_it() -> None:
    job = done_job()
    api = api_of(job.user)
    money = (api.get("/me").data["credits"], api.get("/me/ledger").data)

    worker_api().post(package_path(job), package_body(job, "failed"))
    api.post(f"/jobs/{job.public_id}/packages", {"template": "all"})
    api.post(f"/jobs/{job.public_id}/packages", {"template": "before_after"})
    worker_api().post(package_path(job, "all"), package_body(job))

    assert states(job) == [("before_after", "pending"), ("all", "ready")]
    assert (api.get("/me").data["credits"], api.get("/me/ledger").data) == money
    assert poll(job).data["credits"] == {"reserved": 2, "refunded": 0, "charged": 2}


@pytest.mark.parametrize("end", ["ready", "failed"])
def test_a_job_is_done_before_its_package_and_stays_what_it_was(end: str) -> None:
    job = make_job(JobStatus.UPLOADED)
    ordered(job)
    tell(job, 0, "failed")
    assert tell(job, 1) == "done"
    shown = ("status", "finished_at", "progress", "items", "outputs_ready", "credits")
    before = poll(job).data
    assert states(job) == [("before_after", "pending")]

    worker_api().post(package_path(job), package_body(job, end))

    after = poll(job).data
    assert states(job) == [("before_after", end)]
    assert {name: after[name] for name in shown} == {name: before[name] for name in shown}


def test_one_is_asked_for_again_and_again_whatever_became_of_it() -> None:
    job = done_job(None)
    path = f"/jobs/{job.public_id}/packages"
    editions = []
    for end in ("ready", "failed", "ready"):
        assert api_of(job.user).post(path, {"template": "all"}).status == 202
        assert states(job) == [("all", "pending")]
        editions.append(JobPackage.objects.get(job=job).edition)
        body = package_body(job, end, edition=editions[-1])
        assert worker_api().post(package_path(job, "all"), body).data["processed"]
    assert editions == [1, 2, 3]
    assert states(job) == [("all", "ready")]


def test_packages_expire_with_the_results() -> None:
    job = done_job()
    worker_api().post(package_path(job), package_body(job))
    assert states(job) == [("before_after", "ready")]

    age(job, 31 * DAY)

    shown = poll(job).data
    assert (shown["expired"], shown["packages"], shown["outputs_ready"]) == (True, [], [])
    api = api_of(job.user)
    path = f"/jobs/{job.public_id}/packages"
    assert api.get(path).data == []
    assert api.post(path, {"template": "all"}).refusal == (409, "INVALID_TRANSITION")


def test_a_cancel_leaves_no_package_and_what_comes_late_makes_none() -> None:
    job = make_job(JobStatus.UPLOADED)
    ordered(job)
    tell(job, 0)
    api = api_of(job.user)
    api.post(f"/jobs/{job.public_id}/cancel")

    assert tell(job, 1) == "canceled"

    assert api.get(f"/jobs/{job.public_id}/packages").data == []
    late = worker_api().post(package_path(job), package_body(job))
    assert late.data == {"processed": False, "duplicate": False, "job_status": "canceled"}
    refused = api.post(f"/jobs/{job.public_id}/packages", {"template": "all"})
    assert refused.refusal == (409, "INVALID_TRANSITION")


def test_leases_attempts_and_rescue_are_those_of_photos() -> None:
    job = done_job()

    def claim(worker: str, attempt: int) -> Any:
        body = {"edition": 1, "attempt": attempt, "worker": worker}
        return worker_api().post(package_path(job, call="claim"), body).data["granted"]

    def result(end: str, attempt: int) -> Answer:
        return worker_api().post(package_path(job), package_body(job, end, attempt=attempt))

    assert claim("gpu-1:10", 1)
    assert not claim("gpu-2:10", 1), "under a live lease"
    assert claim("gpu-1:10", 1), "it is renewed"
    # Its worker is not heard of any more, and the lease ends.
    past = Now() - timedelta(seconds=60)
    JobPackage.objects.update(asked_at=past, lease_expires_at=past)
    assert dispatch_due_packages() == 1
    assert not claim("gpu-1:10", 1), "it was given to another one"
    assert claim("gpu-2:10", 2)
    assert result("failed", 1).data["processed"] is False, "the newer one decides"
    assert states(job) == [("before_after", "pending")]
    assert result("ready", 2).data["processed"] is True
