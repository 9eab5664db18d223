"""DELETE /jobs/{id}: a finished job's photos and results go at once (contract §3.8)."""

import pytest
from django.db.models import F
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.delivery.publish import DELETE_JOB_OBJECTS, MAINTENANCE_QUEUE
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.clock import HOUR
from jobs.tests.factories import make_job, poll
from jobs.tests.objects import http_status, job_with_objects, objects_of, store_results
from jobs.tests.rows import all_rows, assert_books_balance
from jobs.upkeep.deletion import delete_expired_objects, delete_job_objects
from s3project.testing.api import Answer
from s3project.testing.broker import purge, waiting
from users.tests.factories import api_of, ledger_of, make_user

pytestmark = pytest.mark.django_db


def delete(job: JobCoordinator) -> Answer:
    return api_of(job.user).delete(f"/jobs/{job.public_id}")


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELED])
def test_a_finished_job_is_expired_at_once_and_keeps_its_history(status: JobStatus) -> None:
    job = make_job(status)
    before, ledger = poll(job), ledger_of(job.user)

    answer = delete(job)

    assert (answer.status, answer.data) == (200, {"job_id": job.public_id, "deleted": True})
    after = poll(job, before.headers["ETag"])
    assert after.status == 200, "what was known of it holds no longer"
    assert (after.data["expired"], after.data["outputs_ready"]) == (True, [])
    assert after.data["expires_at"] is not None
    assert (after.data["status"], after.data["progress"]) == (status, before.data["progress"])
    assert ledger_of(job.user) == ledger
    assert_books_balance(job.user)


def test_its_objects_go_at_once_and_whatever_comes_late_in_the_end(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    purge(MAINTENANCE_QUEUE)
    job, other = job_with_objects(JobStatus.DONE), job_with_objects(JobStatus.DONE)
    url = poll(job).data["outputs_ready"][0]["result_url"]
    kept = objects_of(other)

    with django_capture_on_commit_callbacks(execute=True):
        delete(job)
    assert [task for task, _ in waiting(MAINTENANCE_QUEUE)] == [DELETE_JOB_OBJECTS]
    assert delete_job_objects(job.id) == 4
    assert objects_of(job) == {}
    assert http_status(url) == 404

    store_results(job, 1)  # by a worker that was in the middle of it
    assert delete_expired_objects().jobs == 0
    JobCoordinator.objects.filter(pk=job.pk).update(deleted_at=F("deleted_at") - 3 * HOUR)

    assert delete_expired_objects().jobs == 1

    assert objects_of(job) == {}
    assert objects_of(other) == kept
    job.refresh_from_db()
    assert job.storage_deleted_at is not None


def test_a_job_that_was_not_deleted_is_not_touched() -> None:
    job = job_with_objects(JobStatus.DONE)

    assert delete_job_objects(job.id) == 0
    assert sum(objects_of(job).values()) == 4


def test_deleting_it_twice_is_the_same(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = make_job(JobStatus.DONE)
    delete(job)
    before = all_rows()

    with django_capture_on_commit_callbacks() as callbacks:
        answer = delete(job)

    assert (answer.status, len(callbacks)) == (200, 0)
    assert all_rows() == before


@pytest.mark.parametrize(
    "status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.QUEUED, JobStatus.RUNNING]
)
def test_an_unfinished_job_is_refused(status: JobStatus) -> None:
    job = make_job(status)
    before = all_rows()

    answer = delete(job)

    assert (answer.status, answer.error["code"]) == (409, "INVALID_TRANSITION")
    assert answer.error["details"] == {"status": status}
    assert answer.error["message"] == (
        f"The job is {status}: cancel it, or wait until it is finished, before you delete it."
    )
    assert all_rows() == before


def test_somebody_elses_job_does_not_exist() -> None:
    job = make_job(JobStatus.DONE)

    answer = api_of(make_user()).delete(f"/jobs/{job.public_id}")

    assert (answer.status, answer.error["code"]) == (404, "JOB_NOT_FOUND")
    job.refresh_from_db()
    assert job.deleted_at is None


def test_its_photos_can_be_looked_at_no_more() -> None:
    job = make_job(JobStatus.DONE)
    delete(job)

    answer = api_of(job.user).post("/jobs", {"source_job_id": job.public_id})

    assert (answer.status, answer.error["code"]) == (409, "SOURCE_GONE")


def test_photos_that_another_job_uses_stay_for_it() -> None:
    job = job_with_objects(JobStatus.DONE)
    api = api_of(job.user)
    assert api.post("/jobs", {"source_job_id": job.public_id, "items": [0]}).status == 201
    delete(job)

    delete_job_objects(job.id)

    assert objects_of(job) == {"inputs": 1}
