"""One run of the deletion: how much it takes on, what it costs, and what it does about failures."""

import logging

import pytest
from django.db import connection

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import PhotoStorage, StorageUnavailable, photo_storage
from jobs.tests.clock import DAY, age
from jobs.tests.factories import make_job
from jobs.tests.objects import job_with_objects, objects_of, store_input, store_results
from jobs.upkeep import deletion
from jobs.upkeep.deletion import delete_expired_objects
from s3project.testing.race import race
from s3project.testing.sql import recorded_statements
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_run_is_bounded_and_takes_canceled_jobs_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "JOBS_PER_RUN", 2)
    user = make_user(plan="pro")
    jobs = [make_job(JobStatus.DONE, user=user) for _ in range(2)]
    jobs += [make_job(JobStatus.CANCELED, user=user)]
    for days, job in enumerate(jobs, start=40):
        age(job, days * DAY)

    deleted = []
    for _ in range(3):
        delete_expired_objects()
        deleted.append([_is_deleted(job) for job in jobs])

    assert deleted == [[False, True, True], [True] * 3, [True] * 3]


def _is_deleted(job: JobCoordinator) -> bool:
    job.refresh_from_db()
    return job.storage_deleted_at is not None


def test_a_run_costs_four_statements_and_four_for_each_job() -> None:
    user = make_user(plan="pro")
    for _ in range(3):
        age(make_job(JobStatus.DONE, user=user, items=20), 40 * DAY)

    with recorded_statements() as statements:
        delete_expired_objects()

    assert len(statements) == 4 + 4 * 3


def test_a_run_says_what_it_did_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    age(job_with_objects(JobStatus.DONE), 40 * DAY)

    with caplog.at_level(logging.INFO, logger="jobs.upkeep.deletion"):
        delete_expired_objects()

    assert caplog.messages == ["deleted 4 objects of 1 jobs, 0 jobs failed"]


def test_what_could_not_be_deleted_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user(plan="pro")
    jobs = [make_job(JobStatus.DONE, user=user) for _ in range(deletion.FAILURES_PER_RUN + 1)]
    for job in jobs:
        age(job, 40 * DAY)
    tried = []

    def away(storage: PhotoStorage, prefixes: tuple[str, ...]) -> int:
        tried.append(prefixes)
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(PhotoStorage, "delete_below", away)
        run = delete_expired_objects()

    assert (run.jobs, run.failed, len(tried)) == (0, 3, 3)
    assert delete_expired_objects().jobs == len(jobs)


def test_an_object_that_the_storage_refuses_to_delete_is_no_success() -> None:
    job = job_with_objects(JobStatus.DONE)
    age(job, 40 * DAY)
    storage = photo_storage()
    refusal = {"Errors": [{"Key": "outputs/…", "Code": "AccessDenied", "Message": "locked"}]}

    handler = "after-call.s3.DeleteObjects"

    def add_errors(parsed: dict[str, object], **_: object) -> None:
        parsed.update(refusal)

    storage.client.meta.events.register(handler, add_errors)
    try:
        run = delete_expired_objects()
    finally:
        storage.client.meta.events.unregister(handler, add_errors)

    assert (run.jobs, run.failed) == (0, 1)
    job.refresh_from_db()
    assert job.storage_deleted_at is None


def test_the_lists_of_a_run_have_their_indexes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plans = []
        for jobs in (deletion._canceled(), *deletion._kept_longer_than(DAY)):
            plans.append(jobs.explain())
    assert "job_canceled_undeleted" in plans[0]
    assert "job_finished_in_storage" in plans[1]
    assert "job_canceled_undeleted" in plans[2]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_delete_everything_and_disturb_each_other_in_nothing() -> None:
    user = make_user(plan="pro")
    jobs = [make_job(JobStatus.DONE, user=user) for _ in range(4)]
    for job in jobs:
        store_input(job, 0)
        store_results(job, 0)
        age(job, 40 * DAY)

    runs = race(delete_expired_objects, delete_expired_objects)

    for run in runs:
        assert not isinstance(run, Exception)
        assert run.failed == 0
    assert [objects_of(job) for job in jobs] == [{}] * 4
    assert [_is_deleted(job) for job in jobs] == [True] * 4
