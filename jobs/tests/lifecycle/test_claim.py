"""POST /jobs/{id}/claim (contract §4.4): who may edit what, and for how long."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from jobs.lifecycle import services, worker_backends
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, report, worker_api
from jobs.tests.rows import all_rows
from s3project.testing.api import Answer

pytestmark = pytest.mark.django_db

PAST = timezone.now() - timedelta(minutes=1)


def claim(
    job: JobCoordinator, *items: int, attempt: int = 1, worker: str = "gpu-1:10", **more: Any
) -> Answer:
    body = {"items": list(items), "attempt": attempt, "worker": worker, **more}
    return worker_api().post(f"/jobs/{job.public_id}/claim", body)


def test_pending_items_are_granted_and_leased_for_two_minutes() -> None:
    job = make_job(JobStatus.QUEUED, items=3)

    answer = claim(job, 2, 0)

    assert answer.data == {"granted": [0, 2], "job_status": "queued", "lease_seconds": 120}
    until = timezone.now() + timedelta(minutes=2)
    items = job.items.order_by("idx")
    assert list(items.values_list("claimed_by", "attempt", "status")) == [
        ("gpu-1:10", 1, "pending"), ("", 0, "pending"), ("gpu-1:10", 1, "pending")
    ]  # fmt: skip
    for item in (items[0], items[2]):
        assert item.lease_expires_at is not None
        assert abs(item.lease_expires_at - until) < timedelta(seconds=30)


@pytest.fixture
def said(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged where clients are told of `onnx` with two concepts."""
    settings.ENGINE_SEGMENTER, settings.ENGINE_CONCEPTS = "onnx", ["Wall", "Label_Text"]
    worker_backends._warn.cache_clear()
    with caplog.at_level(logging.WARNING, logger=worker_backends.__name__):
        yield caplog


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"backend": None, "concepts": None},
        {"backend": "onnx", "concepts": ["label text", "wall"]},
        {"concepts": ["Door"]},
    ],
)
def test_a_worker_that_runs_what_clients_are_told_of_is_not_worth_a_word(
    said: pytest.LogCaptureFixture, more: dict[str, Any]
) -> None:
    job = make_job(JobStatus.QUEUED)

    assert claim(job, 0, **more).data["granted"] == [0]
    assert said.messages == []


def test_a_worker_that_runs_another_backend_is_warned_of_once(
    said: pytest.LogCaptureFixture,
) -> None:
    job = make_job(JobStatus.QUEUED)

    for _ in range(3):
        assert claim(job, 0, backend="onnx", concepts=["Wall"]).data["granted"] == [0]
        claim(job, 0, worker="gpu-2:20", backend="sam3", concepts=None)

    assert said.messages == [
        f"worker {worker}, and clients are told of 'onnx' (label_text, wall): "
        "set ENGINE_SEGMENTER and ENGINE_CONCEPTS alike for web and GPU workers"
        for worker in ("'gpu-1:10' runs 'onnx' (wall)", "'gpu-2:20' runs 'sam3' (any concept)")
    ]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"backend": 1}, "backend"),
        ({"backend": "b" * 65}, "backend"),
        ({"backend": "cpu", "concepts": "Wall"}, "concepts"),
        ({"backend": "cpu", "concepts": [""]}, "concepts.0"),
        ({"backend": "cpu", "concepts": ["c"] * 201}, "concepts"),
    ],
)
def test_what_a_worker_says_of_its_backend_is_bounded(more: dict[str, Any], field: str) -> None:
    answer = claim(make_job(JobStatus.QUEUED), 0, **more)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]


def test_an_item_of_another_worker_is_not_granted_while_its_lease_lives() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    claim(job, 0)
    before = all_rows()

    assert claim(job, 0, worker="gpu-2:20").data["granted"] == []
    assert all_rows() == before
    assert claim(job, 0, 1, worker="gpu-2:20").data["granted"] == [1]


def test_an_own_claim_is_renewed() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0)
    almost_over = timezone.now() + timedelta(seconds=1)
    job.items.filter(idx=0).update(lease_expires_at=almost_over)

    assert claim(job, 0).data["granted"] == [0]

    renewed = job.items.get(idx=0).lease_expires_at
    assert renewed is not None
    assert renewed > almost_over + timedelta(seconds=100)


def test_an_item_whose_lease_ran_out_is_granted_to_another_worker() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0)
    job.items.filter(idx=0).update(lease_expires_at=PAST)

    assert claim(job, 0, worker="gpu-2:20").data["granted"] == [0]
    assert job.items.get(idx=0).claimed_by == "gpu-2:20"


def test_settled_items_are_not_granted() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    report(job, 0, ItemStatus.DONE)
    report(job, 1, ItemStatus.FAILED)

    answer = claim(job, 0, 1, 2)

    assert (answer.data["granted"], answer.data["job_status"]) == ([2], "running")


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status not in ("queued", "running")]
)
def test_nothing_of_a_job_that_is_not_in_work_is_granted(status: JobStatus) -> None:
    job = make_job(status)
    before = all_rows()

    answer = claim(job, 0, 1)

    assert (answer.status, answer.data["granted"]) == (200, [])
    assert answer.data["job_status"] == status
    assert all_rows() == before


def test_a_worker_learns_of_a_cancel_at_its_next_claim() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0)
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    answer = claim(job, 0, 1)

    assert (answer.data["granted"], answer.data["job_status"]) == ([], "canceled")


def test_an_old_message_is_not_granted_what_was_sent_again() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    job.items.filter(idx=0).update(attempt=2)

    assert claim(job, 0, 1, attempt=1).data["granted"] == [1]
    assert claim(job, 0, attempt=2).data["granted"] == [0]


def test_an_idx_that_the_job_does_not_have_is_not_granted() -> None:
    job = make_job(JobStatus.QUEUED, items=2)

    assert claim(job, 1, 2, 199).data["granted"] == [1]


def test_an_idx_that_is_asked_for_twice_is_granted_once() -> None:
    job = make_job(JobStatus.QUEUED)

    assert claim(job, 1, 1).data["granted"] == [1]


def test_a_result_ends_the_lease_whoever_reports_it() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0)

    answer = worker_api().post(callback_path(job), callback_body(job, 0))

    assert answer.data["processed"] is True
    item = job.items.get(idx=0)
    assert (item.status, item.lease_expires_at) == ("done", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": 0}, "items"),
        ({"items": "0"}, "items"),
        ({"items": [0, "1"]}, "items.1"),
        ({"items": [True]}, "items.0"),
        ({"items": [-1]}, "items.0"),
        ({"items": [200]}, "items.0"),
        ({"items": [0] * 201}, "items"),
        ({"attempt": 0}, "attempt"),
        ({"attempt": "1"}, "attempt"),
        ({"attempt": 10**12}, "attempt"),
        ({"worker": ""}, "worker"),
        ({"worker": 5}, "worker"),
        ({"worker": "a\x00"}, "worker"),
        ({"worker": "x" * 201}, "worker"),
    ],
)
def test_a_bad_claim_is_refused(change: dict[str, Any], field: str) -> None:
    job = make_job(JobStatus.QUEUED)
    before = all_rows()

    answer = worker_api().post(
        f"/jobs/{job.public_id}/claim", {"items": [0], "attempt": 1, "worker": "w", **change}
    )

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]
    assert all_rows() == before


def test_the_claim_of_an_unknown_job_is_not_found() -> None:
    for body in ({"items": [0], "attempt": 1, "worker": "w"}, {}):
        answer = worker_api().post(f"/jobs/job_{'0' * 32}/claim", body)
        assert answer.refusal == (404, "JOB_NOT_FOUND")
