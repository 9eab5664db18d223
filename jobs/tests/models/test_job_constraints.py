"""What the database refuses, whatever the code above believes."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jobs.models import JobCoordinator, JobItem, JobLog
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.tests.rows import all_rows

pytestmark = pytest.mark.django_db

NOW = timezone.now()

IMPOSSIBLE_JOBS = [
    (JobStatus.RUNNING, {"finished_at": NOW}, "job_finished_at_iff_finished"),
    (JobStatus.DONE, {"finished_at": None}, "job_finished_at_iff_finished"),
    (JobStatus.UPLOADED, {"queued_at": NOW}, "job_not_queued_has_no_results"),
    (JobStatus.CREATED, {"done_items": 1}, "job_not_queued_has_no_results"),
    (JobStatus.QUEUED, {"queued_at": None}, "job_in_work_was_queued"),
    (JobStatus.RUNNING, {"failed_items": 2}, "job_counters_lte_total"),
    (JobStatus.RUNNING, {"failed_items": -1}, "job_counters_gte_0"),
    (JobStatus.DONE, {"done_items": 1}, "job_done_is_complete"),
    (JobStatus.DONE, {"done_items": 0, "failed_items": 2}, "job_done_is_complete"),
    (JobStatus.FAILED, {"done_items": 1, "failed_items": 1}, "job_failed_is_complete"),
    (JobStatus.CREATED, {"total_items": 0}, "job_total"),
    (JobStatus.CREATED, {"total_items": 201}, "job_total"),
]
IMPOSSIBLE_ITEMS = [
    (JobStatus.QUEUED, {"status": "failed"}, "item_key_iff_reported"),
    (JobStatus.QUEUED, {"idempotency_key": "key"}, "item_key_iff_reported"),
    (JobStatus.DONE, {"output_key": ""}, "item_done_has_output"),
    (JobStatus.DONE, {"preview_key": ""}, "item_done_has_output"),
    (JobStatus.FAILED, {"superseded_key": "key"}, "item_superseded_only_if_done"),
    (JobStatus.CREATED, {"idx": -1}, "item_idx_gte_0"),
    (JobStatus.CREATED, {"idx": 1}, "item_job_idx"),
]


@pytest.mark.parametrize(("status", "change", "constraint"), IMPOSSIBLE_JOBS)
def test_an_impossible_job_is_refused(
    status: JobStatus, change: dict[str, Any], constraint: str
) -> None:
    job = make_job(status, items=2)
    before = all_rows()

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        JobCoordinator.objects.filter(pk=job.pk).update(**change)

    assert all_rows() == before


@pytest.mark.parametrize(("status", "change", "constraint"), IMPOSSIBLE_ITEMS)
def test_an_impossible_item_is_refused(
    status: JobStatus, change: dict[str, Any], constraint: str
) -> None:
    job = make_job(status, items=2)
    before = all_rows()

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        JobItem.objects.filter(job=job, idx=0).update(**change)

    assert all_rows() == before


@pytest.mark.parametrize(
    ("column", "constraint"),
    [("idempotency_key", "item_job_reported_key"), ("superseded_key", "item_job_replaced_key")],
)
def test_two_items_of_a_job_cannot_share_a_key(column: str, constraint: str) -> None:
    job = make_job(JobStatus.DONE, items=2)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        job.items.update(**{column: "the same"})


def test_two_jobs_may_use_the_same_key() -> None:
    jobs = [make_job(JobStatus.DONE, items=1), make_job(JobStatus.DONE, items=1)]

    changed = JobItem.objects.filter(job__in=jobs).update(idempotency_key="the same")

    assert changed == 2


def test_the_order_of_concepts_survives_the_database() -> None:
    """A job shows them as they were written; jsonb would sort them by length."""
    concepts = {
        name: {"action": "tone", "value": "warm"} for name in ("Window", "Wall", "Floor", "A")
    }
    job = make_job(JobStatus.DONE, concepts=concepts)

    assert list(JobCoordinator.objects.get(pk=job.pk).concepts) == ["Window", "Wall", "Floor", "A"]
    logged = JobLog.objects.get(job_id=job.id).concepts_json
    assert list(logged) == ["Window", "Wall", "Floor", "A"]


def test_no_index_has_what_every_result_moves() -> None:
    """Else each result would write to all indexes of the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'jobs_jobcoordinator'")
        indexes = [definition for (definition,) in cursor.fetchall()]

    assert len(indexes) > 10
    assert not [one for one in indexes if "updated_at" in one or "done_items" in one]
