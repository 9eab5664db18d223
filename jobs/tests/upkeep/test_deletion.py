"""What is deleted when, on the real storage."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from jobs import keys
from jobs.delivery.publish import MAINTENANCE_QUEUE
from jobs.gpu.keyed_store import KeyedStore
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import DAY, HOUR, MINUTE, age
from jobs.tests.factories import make_job, poll
from jobs.tests.objects import http_status, job_with_objects, objects_of, store_input, store_results
from jobs.upkeep import deletion
from jobs.upkeep.deletion import delete_expired_objects, delete_outputs
from s3project.api.envelope import timestamp
from s3project.testing.broker import purge, waiting
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

EVERYTHING = {"inputs": 1, "masks": 1, "outputs": 1, "previews": 1}


def cancel(job: JobCoordinator) -> None:
    services.cancel_job(user_id=job.user_id, job_id=job.id)
    job.refresh_from_db()


# --- Finished jobs ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED])
def test_a_finished_job_says_when_it_expires(status: JobStatus) -> None:
    job = make_job(status)
    assert job.finished_at is not None

    data = poll(job).data

    assert data["expired"] is False
    assert data["expires_at"] == timestamp(job.finished_at + 30 * DAY)


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.RUNNING])
def test_an_unfinished_job_does_not_expire(status: JobStatus) -> None:
    data = poll(make_job(status)).data

    assert (data["expired"], data["expires_at"]) == (False, None)


def test_until_its_retention_is_over_a_job_serves_its_results() -> None:
    job = job_with_objects(JobStatus.DONE)
    age(job, 30 * DAY - MINUTE)

    run = delete_expired_objects()

    assert (run.jobs, run.objects) == (0, 0)
    data = poll(job).data
    assert (data["expired"], len(data["outputs_ready"])) == (False, 2)
    assert http_status(data["outputs_ready"][0]["result_url"]) == 200


def test_an_expired_job_hands_out_no_url_and_those_it_did_live_to_their_end() -> None:
    job = job_with_objects(JobStatus.DONE)
    age(job, 30 * DAY - MINUTE)
    answer = poll(job)
    url, etag = answer.data["outputs_ready"][0]["result_url"], answer.headers["ETag"]
    age(job, 2 * MINUTE)

    assert delete_expired_objects().jobs == 0

    later = poll(job, etag)
    assert later.status == 200, "the old answer no longer holds"
    assert (later.data["expired"], later.data["outputs_ready"]) == (True, [])
    assert later.data["progress"] == {"done": 2, "failed": 0, "total": 2}
    assert http_status(url) == 200


def test_an_old_answer_holds_no_longer_when_what_it_says_of_expiry_changes(
    settings: Settings,
) -> None:
    """Of a job without a result too, which shows no URL that would change."""
    job = make_job(JobStatus.FAILED)
    etag = poll(job).headers["ETag"]
    assert poll(job, etag).status == 304

    settings.STORAGE_RETENTION = 60 * DAY
    longer = poll(job, etag)
    assert (longer.status, longer.data["expired"]) == (200, False)
    JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())
    deleted = poll(job, longer.headers["ETag"])

    assert (deleted.status, deleted.data["expired"]) == (200, True)
    assert poll(job, deleted.headers["ETag"]).status == 304


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED])
def test_in_the_end_everything_of_an_expired_job_is_deleted(status: JobStatus) -> None:
    job, kept = job_with_objects(status), job_with_objects(JobStatus.DONE)
    urls = [output["result_url"] for output in poll(job).data["outputs_ready"]]
    assert len(urls) == (2 if status == JobStatus.DONE else 0)
    age(job, 30 * DAY + HOUR + MINUTE)
    assert objects_of(job) == EVERYTHING

    run = delete_expired_objects()

    assert (run.jobs, run.objects, run.failed) == (1, 4, 0)
    assert objects_of(job) == {}
    assert [http_status(url) for url in urls] == [404] * len(urls)
    assert objects_of(kept) == EVERYTHING
    job.refresh_from_db()
    assert job.storage_deleted_at is not None
    data = poll(job).data
    assert (data["status"], data["expired"], data["outputs_ready"]) == (status, True, [])
    assert delete_expired_objects().jobs == 0


def test_what_leads_to_a_users_masks_goes_with_the_last_job_that_has_any() -> None:
    older, newer = (make_job(JobStatus.DONE, user=user) for user in [make_user(plan="pro")] * 2)
    stranger = make_job(JobStatus.DONE)
    pointers = [keys.by_photo_prefix(job.user_id) for job in (older, stranger)]
    for pointer in pointers:
        KeyedStore().write(f"{pointer}{'ab' * 32}.json", b"{}", "application/json")

    def left() -> list[int]:
        return [len(photo_storage().sizes(pointer)) for pointer in pointers]

    age(older, 40 * DAY)
    delete_expired_objects()
    assert left() == [1, 1]
    age(newer, 40 * DAY)
    delete_expired_objects()
    assert left() == [0, 1]


def test_zero_days_keep_everything_for_ever(settings: Settings) -> None:
    settings.STORAGE_RETENTION = None
    job = job_with_objects(JobStatus.DONE)
    age(job, 4000 * DAY)

    assert delete_expired_objects().jobs == 0

    assert objects_of(job) == EVERYTHING
    data = poll(job).data
    assert (data["expired"], data["expires_at"]) == (False, None)
    assert len(data["outputs_ready"]) == 2


def test_a_longer_retention_does_not_bring_back_what_is_deleted(settings: Settings) -> None:
    job = job_with_objects(JobStatus.DONE)
    age(job, 31 * DAY)
    delete_expired_objects()

    settings.STORAGE_RETENTION = timedelta(days=90)

    data = poll(job).data
    assert (data["expired"], data["outputs_ready"]) == (True, [])


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.RUNNING])
def test_objects_of_an_unfinished_job_are_never_deleted(status: JobStatus) -> None:
    job = job_with_objects(status)
    age(job, 400 * DAY)

    assert delete_expired_objects().jobs == 0
    assert delete_outputs(job.id) == 0

    assert objects_of(job) == EVERYTHING
    guard = "job_deleted_from_storage_only_if_finished"
    with pytest.raises(IntegrityError, match=guard), transaction.atomic():
        JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())


# --- Canceled jobs ---------------------------------------------------------------------------


def test_cancel_asks_for_the_outputs_to_be_deleted_at_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = make_job(JobStatus.RUNNING)
    purge(MAINTENANCE_QUEUE)

    with django_capture_on_commit_callbacks(execute=True):
        cancel(job)

    assert waiting(MAINTENANCE_QUEUE) == [("jobs.delete_outputs", [str(job.id)])]
    purge(MAINTENANCE_QUEUE)


def test_a_url_handed_out_before_the_cancel_is_dead_after_it() -> None:
    job = job_with_objects(JobStatus.RUNNING)
    output = poll(job).data["outputs_ready"][0]
    assert http_status(output["result_url"]) == http_status(output["preview_url"]) == 200
    cancel(job)

    assert delete_outputs(job.id) == 3

    assert http_status(output["result_url"]) == http_status(output["preview_url"]) == 404
    assert objects_of(job) == {"inputs": 1}
    assert poll(job).data["outputs_ready"] == []


def test_what_a_worker_stores_after_the_cancel_goes_with_the_final_deletion() -> None:
    job = job_with_objects(JobStatus.RUNNING)
    cancel(job)
    delete_outputs(job.id)
    store_results(job, 1)

    # An upload URL of the last moment still works for an hour.
    age(job, HOUR - MINUTE)
    assert delete_expired_objects().jobs == 0
    store_input(job, 1)
    age(job, 2 * MINUTE)
    run = delete_expired_objects()

    assert (run.jobs, run.objects) == (1, 2 + 3)
    assert objects_of(job) == {}
    data = poll(job).data
    assert (data["status"], data["expired"], data["expires_at"]) == ("canceled", True, None)
    assert delete_expired_objects().jobs == 0


def test_a_job_that_is_canceled_before_any_work_leaves_no_photo(settings: Settings) -> None:
    settings.STORAGE_RETENTION = None  # which is for results, not for what nobody wants
    job = make_job(JobStatus.UPLOADED)
    store_input(job, 0)
    cancel(job)
    age(job, HOUR + MINUTE)

    assert delete_expired_objects().jobs == 1

    assert objects_of(job) == {}


def test_the_final_deletion_waits_for_the_longest_task(settings: Settings) -> None:
    assert timedelta(seconds=settings.PRESIGNED_URL_SECONDS) <= deletion.CANCELED_SETTLES
    assert (
        timedelta(seconds=settings.PACKAGE_TIME_LIMIT_SEC) + settings.WORK_LEASE
        <= deletion.CANCELED_SETTLES
    )
