"""What a finished job costs, and when that can be seen."""

import pytest

from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import (
    RECOLOR_FLOOR,
    callback_body,
    callback_path,
    make_job,
    report,
    worker_api,
)
from jobs.tests.rows import assert_books_balance
from users.models import User
from users.tests.factories import api_of, ledger_of, make_user

pytestmark = pytest.mark.django_db


def shown(user: User) -> tuple[int, int]:
    """(credits, active jobs) as `GET /me` tells them."""
    me = api_of(user).get("/me").data
    return me["credits"], me["active_jobs"]


@pytest.mark.parametrize(
    ("results", "status", "credits", "settlement"),
    [
        ("ddd", JobStatus.DONE, 7, ("commit", 0, 7)),
        ("dfd", JobStatus.DONE, 8, ("commit", 1, 8)),
        ("ffd", JobStatus.DONE, 9, ("commit", 2, 9)),
        ("dff", JobStatus.DONE, 9, ("commit", 2, 9)),
        ("fff", JobStatus.FAILED, 10, ("rollback", 3, 10)),
    ],
)
def test_each_failed_photo_is_given_back_with_the_last_result(
    results: str, status: JobStatus, credits: int, settlement: tuple[str, int, int]
) -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    for idx, result in enumerate(results):
        assert shown(job.user) == (7, 1)
        body = callback_body(job, idx, "done" if result == "d" else "failed")
        worker_api().post(callback_path(job), body)

    assert shown(job.user) == (credits, 0)
    job.refresh_from_db()
    assert job.status == status
    assert ledger_of(job.user)[-1] == (*settlement, job.public_id)
    assert_books_balance(job.user)


def test_a_failure_that_became_a_success_is_paid_for() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    report(job, 0, ItemStatus.FAILED)
    report(job, 0, ItemStatus.DONE, attempt=2)

    report(job, 1, ItemStatus.FAILED)

    assert shown(job.user) == (9, 0)
    assert_books_balance(job.user)


@pytest.mark.parametrize(
    "status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.QUEUED, JobStatus.RUNNING]
)
def test_canceling_an_unfinished_job_gives_everything_back_at_once(status: JobStatus) -> None:
    job = make_job(status, items=3)

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert answer.data == {
        "job_id": job.public_id,
        "status": "canceled",
        "canceled": True,
        "refunded": 3,
        "credits": 10,
    }
    assert shown(job.user) == (10, 0)
    assert ledger_of(job.user)[-1] == ("rollback", 3, 10, job.public_id)
    assert_books_balance(job.user)
    assert make_job(user=job.user).status == JobStatus.CREATED  # the slot is free


def test_canceling_a_failed_job_moves_no_money() -> None:
    job = make_job(JobStatus.FAILED, items=3)
    before = ledger_of(job.user)

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert (answer.data["refunded"], answer.data["credits"]) == (0, 10)
    assert ledger_of(job.user) == before
    assert shown(job.user) == (10, 0)


def test_canceling_a_failed_job_does_not_free_the_slot_of_another() -> None:
    job = make_job(JobStatus.FAILED, items=3)
    make_job(user=job.user, items=2)

    api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert shown(job.user) == (8, 1)
    assert_books_balance(job.user)


def test_nobody_downloads_results_and_then_cancels_to_pay_nothing() -> None:
    job = make_job(JobStatus.RUNNING, items=2)
    api = api_of(job.user)
    assert len(api.get(f"/jobs/{job.public_id}").data["outputs_ready"]) == 1

    api.post(f"/jobs/{job.public_id}/cancel")

    data = api.get(f"/jobs/{job.public_id}").data
    assert (data["status"], data["outputs_ready"]) == ("canceled", [])
    assert data["progress"] == {"done": 1, "failed": 0, "total": 2}


def test_a_lifecycle_through_http_from_sign_up_to_result() -> None:
    user = make_user()
    api = api_of(user)

    job_id = api.post("/jobs", {"preset": "interior", "item_count": 2}).data["job_id"]
    assert api.post(f"/jobs/{job_id}/confirm-upload").data["status"] == "uploaded"
    execute = api.post(f"/jobs/{job_id}/execute", {"concepts": RECOLOR_FLOOR})
    assert execute.data["status"] == "queued"
    job = JobCoordinator.objects.get()
    statuses = [
        worker_api().post(callback_path(job), callback_body(job, idx)).data["job_status"]
        for idx in range(2)
    ]

    assert statuses == ["running", "done"]
    assert shown(user) == (8, 0)


def test_jobs_of_a_user_are_settled_one_by_one() -> None:
    user = make_user(plan="pro")
    done, failed, canceled = (
        make_job(JobStatus.QUEUED, user=user, items=items) for items in (4, 5, 6)
    )

    for idx in range(4):
        report(done, idx)
    for idx in range(5):
        report(failed, idx, ItemStatus.FAILED)
    services.cancel_job(user_id=user.id, job_id=canceled.id)

    assert shown(user) == (196, 0)
    assert [event[:3] for event in ledger_of(user)[-3:]] == [
        ("commit", 0, 185),
        ("rollback", 5, 190),
        ("rollback", 6, 196),
    ]
    assert_books_balance(user)
