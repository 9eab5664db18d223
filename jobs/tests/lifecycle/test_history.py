"""jobs_log and job_items_log: written once, when the job finishes."""

from typing import Any

import pytest
from django.db import connection

from jobs import keys
from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobItemLog, JobLog
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job, report
from jobs.tests.rows import all_rows
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def job_row(job: JobCoordinator, **changes: Any) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "user_id": job.user_id,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "status": job.status,
        "preset": "interior",
        "rule_id": None,
        "concepts_json": RECOLOR_FLOOR,
        "protect_json": ["Grout"],
        "params_json": {"output_template": None},
        "cost_estimate": job.total_items,
        "error": "",
        **changes,
    }


def item_row(job: JobCoordinator, idx: int, status: str, error: str = "") -> dict[str, Any]:
    done = status == "done"
    return {
        "job_id": job.id,
        "idx": idx,
        "status": status,
        "input_key": keys.input_key(job.user_id, job.id, idx),
        "output_key": keys.output_key(job.user_id, job.id, idx) if done else "",
        "preview_key": keys.preview_key(job.user_id, job.id, idx) if done else "",
        "error": error,
        "warnings": [],
        "name": "",
        "source_idx": None,
    }


def logged_items() -> list[dict[str, Any]]:
    fields = (
        *("job_id", "idx", "status", "input_key", "output_key", "preview_key"),
        *("error", "warnings", "name", "source_idx"),
    )
    return list(JobItemLog.objects.order_by("idx").values(*fields))


@pytest.mark.parametrize(
    "status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.QUEUED, JobStatus.RUNNING]
)
def test_an_unfinished_job_is_not_in_the_history(status: JobStatus) -> None:
    make_job(status)

    assert (JobLog.objects.count(), JobItemLog.objects.count()) == (0, 0)


def test_a_partly_failed_job_is_logged_row_by_row() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    report(job, 2, ItemStatus.DONE)
    report(job, 0, ItemStatus.DONE)
    report(job, 1, ItemStatus.FAILED)

    job.refresh_from_db()
    # The job is done: the error of a photo is the photo's.
    assert list(JobLog.objects.values()) == [job_row(job, status="done", error="")]
    assert logged_items() == [
        item_row(job, 0, "done"),
        item_row(job, 1, "failed", "photo 1 is broken"),
        item_row(job, 2, "done"),
    ]


def test_a_failed_job_is_logged_with_the_error_of_its_first_photo() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    for idx in (2, 0, 1):
        report(job, idx, ItemStatus.FAILED)

    job.refresh_from_db()
    row = job_row(job, status="failed", error="photo 0 is broken")
    assert list(JobLog.objects.values()) == [row]
    assert [item["error"] for item in logged_items()] == [
        f"photo {idx} is broken" for idx in range(3)
    ]


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.UPLOADED])
def test_a_job_canceled_before_execute_is_logged_without_concepts(status: JobStatus) -> None:
    job = make_job(status, items=2)

    services.cancel_job(user_id=job.user_id, job_id=job.id)

    job.refresh_from_db()
    row = job_row(job, status="canceled", concepts_json={}, protect_json=[])
    assert list(JobLog.objects.values()) == [row]
    assert logged_items() == [item_row(job, idx, "pending") for idx in range(2)]


def test_a_job_canceled_while_running_is_logged_with_what_was_done() -> None:
    job = make_job(JobStatus.RUNNING, items=2)

    services.cancel_job(user_id=job.user_id, job_id=job.id)

    job.refresh_from_db()
    assert list(JobLog.objects.values()) == [job_row(job, status="canceled")]
    assert logged_items() == [item_row(job, 0, "done"), item_row(job, 1, "pending")]


def test_relabelling_a_failed_job_changes_the_status_in_the_history_and_nothing_else() -> None:
    job = make_job(JobStatus.FAILED, items=2)
    before = all_rows()

    services.cancel_job(user_id=job.user_id, job_id=job.id)

    finished_at = job.finished_at
    job.refresh_from_db()
    assert (job.status, job.finished_at) == (JobStatus.CANCELED, finished_at)
    row = job_row(job, status="canceled", error="photo 0 is broken")
    assert list(JobLog.objects.values()) == [row]
    after = all_rows()
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"jobs_jobcoordinator", "jobs_log"}


def test_the_template_and_the_order_of_concepts_are_logged() -> None:
    job = make_job(JobStatus.UPLOADED, items=1)
    tone = {"action": "tone", "value": "warm"}
    services.execute_job(
        user_id=job.user_id,
        job_id=job.id,
        concepts={"Window": tone, "Wall": tone, "A": tone},
        protect=["Grout", "Frame_Molding"],
        output_template="전후비교",
    )
    report(job, 0)

    log = JobLog.objects.get()
    assert list(log.concepts_json) == ["Window", "Wall", "A"]
    assert log.protect_json == ["Grout", "Frame_Molding"]
    assert log.params_json == {"output_template": "전후비교"}


def test_a_job_of_two_hundred_photos_is_logged_completely() -> None:
    job = make_job(JobStatus.QUEUED, user=make_user(plan="pro"), items=200)

    services.cancel_job(user_id=job.user_id, job_id=job.id)

    assert [item["idx"] for item in logged_items()] == list(range(200))


def test_the_tables_and_columns_have_the_names_that_reports_rely_on() -> None:
    columns = {}
    with connection.cursor() as cursor:
        for table in ("jobs_log", "job_items_log", "billing_events"):
            described = connection.introspection.get_table_description(cursor, table)
            columns[table] = [column.name for column in described]

    assert columns["jobs_log"] == list(job_row(make_job()))
    assert columns["job_items_log"] == list(item_row(make_job(), 0, "done"))
    assert columns["billing_events"] == [
        "id",
        "type",
        "amount",
        "balance_after",
        "ref",
        "created_at",
        "user_id",
    ]
