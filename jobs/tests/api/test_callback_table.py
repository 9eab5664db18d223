"""Contract §4.3, one test per row: the reply, and what it did to the job."""

from typing import Any

import pytest

from jobs import keys
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import (
    callback_body,
    callback_path,
    make_job,
    report,
    result_key,
    worker_api,
)
from jobs.tests.rows import all_rows, assert_job_adds_up
from s3project.testing.api import Answer
from users.tests.factories import limiter_of

pytestmark = pytest.mark.django_db


def call(job: JobCoordinator, idx: int, status: str = "done", **fields: Any) -> Answer:
    return worker_api().post(callback_path(job), callback_body(job, idx, status, **fields))


def reply(
    job_status: str, done: int, failed: int, total: int, *, processed: bool, duplicate: bool = False
) -> dict[str, Any]:
    return {
        "processed": processed,
        "duplicate": duplicate,
        "job_status": job_status,
        "progress": {"done": done, "failed": failed, "total": total},
    }


def test_an_unknown_job_is_not_found() -> None:
    job = make_job(JobStatus.QUEUED)
    before = all_rows()

    for job_id in ("job_" + "0" * 32, "job_nonsense", job.public_id.replace("job_", "u_")):
        answer = worker_api().post(f"/jobs/{job_id}/callback", callback_body(job, 0))
        assert answer.refusal == (404, "JOB_NOT_FOUND")

    assert all_rows() == before


def test_an_unknown_job_outranks_a_bad_body() -> None:
    answer = worker_api().send("POST", "/jobs/job_nonsense/callback", b"no json")

    assert answer.refusal == (404, "JOB_NOT_FOUND")


def test_a_bad_body_does_not_consume_the_key() -> None:
    job = make_job(JobStatus.QUEUED)
    before = all_rows()

    assert call(job, 0, output_key="somebody/else.png").refusal == (400, "VALIDATION_ERROR")
    assert all_rows() == before

    assert call(job, 0).data == reply("running", 1, 0, 2, processed=True)


@pytest.mark.parametrize("idx", [-1, 2, 200, 10**30])
def test_an_idx_that_the_job_does_not_have_is_refused(idx: int) -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    before = all_rows()

    answer = call(job, idx)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == ["idx"]
    assert all_rows() == before


def test_a_bad_idx_outranks_a_known_key() -> None:
    job = make_job(JobStatus.RUNNING)

    answer = call(job, 7, idempotency_key=result_key(job, 0))

    assert answer.refusal == (400, "VALIDATION_ERROR")


def test_a_known_key_for_the_same_item_is_a_duplicate() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0)
    before = all_rows()

    assert call(job, 0).data == reply("running", 1, 0, 2, processed=False, duplicate=True)
    # What the repeat says does not matter: the first word of a key counts.
    assert call(job, 0, "failed").data == reply("running", 1, 0, 2, processed=False, duplicate=True)
    assert all_rows() == before


def test_a_known_key_stays_a_duplicate_after_the_job_is_done() -> None:
    job = make_job(JobStatus.DONE)
    before = all_rows()

    assert call(job, 1).data == reply("done", 2, 0, 2, processed=False, duplicate=True)
    assert all_rows() == before


def test_a_known_key_for_another_item_is_a_conflict() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0)
    before = all_rows()

    answer = call(job, 1, idempotency_key=result_key(job, 0))

    assert answer.refusal == (409, "IDEMPOTENCY_CONFLICT")
    assert all_rows() == before


def test_the_key_of_another_job_is_a_new_key() -> None:
    first, second = make_job(JobStatus.RUNNING), make_job(JobStatus.QUEUED)

    answer = call(second, 0, idempotency_key=result_key(first, 0))

    assert answer.data == reply("running", 1, 0, 2, processed=True)


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED])
def test_a_new_key_changes_nothing_in_a_finished_job(status: JobStatus) -> None:
    job = make_job(status)
    before = all_rows()

    data = call(job, 0, idempotency_key="new").data

    assert (data["processed"], data["duplicate"], data["job_status"]) == (False, False, status)
    assert all_rows() == before


def test_a_result_of_a_canceled_job_changes_nothing() -> None:
    job = make_job(JobStatus.RUNNING)
    services.cancel_job(user_id=job.user_id, job_id=job.id)
    before = all_rows()

    assert call(job, 1).data == reply("canceled", 1, 0, 2, processed=False)
    assert all_rows() == before


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.UPLOADED])
def test_a_result_before_execute_is_refused_and_its_key_not_consumed(status: JobStatus) -> None:
    job = make_job(status, items=1)
    before = all_rows()

    assert call(job, 0).refusal == (409, "INVALID_TRANSITION")
    assert all_rows() == before

    if status == JobStatus.CREATED:
        services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={})
    services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=[])
    assert call(job, 0).data == reply("done", 1, 0, 1, processed=True)


def test_a_pending_item_takes_its_result() -> None:
    job = make_job(JobStatus.QUEUED, items=3)

    assert call(job, 1).data == reply("running", 1, 0, 3, processed=True)
    assert call(job, 0, "failed", error="too dark").data == reply(
        "running", 1, 1, 3, processed=True
    )

    columns = ("idx", "status", "output_key", "preview_key", "error", "idempotency_key")
    assert list(job.items.order_by("idx").values_list(*columns)) == [
        (0, "failed", "", "", "too dark", result_key(job, 0)),
        (
            1,
            "done",
            keys.output_key(job.user_id, job.id, 1),
            keys.preview_key(job.user_id, job.id, 1),
            "",
            result_key(job, 1),
        ),
        (2, "pending", "", "", "", None),
    ]
    job.refresh_from_db()
    assert_job_adds_up(job)


def test_a_failed_item_may_become_done() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0, "failed", error="out of memory")

    answer = call(job, 0, idempotency_key=result_key(job, 0, attempt=2))

    assert answer.data == reply("running", 1, 0, 2, processed=True)
    item = job.items.get(idx=0)
    assert (item.status, item.error) == ("done", "")
    assert item.output_key == keys.output_key(job.user_id, job.id, 0)


def test_both_keys_of_an_item_that_failed_and_was_done_stay_known() -> None:
    job = make_job(JobStatus.QUEUED)
    first, second = result_key(job, 0), result_key(job, 0, attempt=2)
    call(job, 0, "failed")
    call(job, 0, idempotency_key=second)
    before = all_rows()

    for key, status in ((first, "failed"), (second, "done"), (first, "done")):
        data = call(job, 0, status, idempotency_key=key).data
        assert data == reply("running", 1, 0, 2, processed=False, duplicate=True)
        assert call(job, 1, idempotency_key=key).refusal == (409, "IDEMPOTENCY_CONFLICT")

    assert all_rows() == before


def test_a_done_item_stays_done() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0)
    before = all_rows()

    for status in ("done", "failed"):
        answer = call(job, 0, status, idempotency_key=result_key(job, 0, attempt=2))
        assert answer.data == reply("running", 1, 0, 2, processed=False)

    assert all_rows() == before


def test_a_failed_item_that_fails_again_is_counted_once() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0, "failed", error="first")
    before = all_rows()

    answer = call(job, 0, "failed", error="second", idempotency_key=result_key(job, 0, attempt=2))

    assert answer.data == reply("running", 0, 1, 2, processed=False)
    assert all_rows() == before


def test_only_a_key_that_had_an_effect_is_recorded() -> None:
    job = make_job(JobStatus.QUEUED)
    call(job, 0)
    call(job, 0, idempotency_key="had no effect")

    answer = call(job, 1, idempotency_key="had no effect")

    assert answer.data == reply("done", 2, 0, 2, processed=True)


def test_three_keys_for_one_photo_do_not_finish_a_job_of_three() -> None:
    job = make_job(JobStatus.QUEUED, items=3)

    for key in ("one", "two", "three"):
        answer = call(job, 0, idempotency_key=key)

    assert answer.data == reply("running", 1, 0, 3, processed=False)
    assert limiter_of(job.user).active_jobs == 1


def test_a_late_failure_of_an_older_attempt_is_ignored() -> None:
    job = make_job(JobStatus.QUEUED)
    job.items.filter(idx=0).update(attempt=2)
    before = all_rows()

    answer = call(job, 0, "failed", idempotency_key=result_key(job, 0, attempt=1))

    assert answer.data == reply("queued", 0, 0, 2, processed=False)
    assert all_rows() == before


def test_a_late_success_of_an_older_attempt_is_a_result() -> None:
    job = make_job(JobStatus.QUEUED)
    job.items.filter(idx=0).update(attempt=2)

    answer = call(job, 0, idempotency_key=result_key(job, 0, attempt=1))

    assert answer.data == reply("running", 1, 0, 2, processed=True)


@pytest.mark.parametrize("key", ["any key at all", "x:attempt", "x:attemptone", "키", "x" * 200])
def test_the_failure_of_a_worker_with_keys_of_its_own_make_counts(key: str) -> None:
    job = make_job(JobStatus.QUEUED)

    answer = call(job, 0, "failed", idempotency_key=key)

    assert answer.data == reply("running", 0, 1, 2, processed=True)


def test_the_last_result_settles_the_job_in_the_same_answer() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    report(job, 0, ItemStatus.DONE)
    report(job, 1, ItemStatus.FAILED)

    assert call(job, 2).data == reply("done", 2, 1, 3, processed=True)

    limiter = limiter_of(job.user)
    assert (limiter.credits, limiter.active_jobs) == (10 - 2, 0)
