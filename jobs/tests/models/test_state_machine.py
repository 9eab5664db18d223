"""Every event in every state: the answer, the status after it, and nothing else on a refusal."""

from dataclasses import dataclass

import pytest

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
from jobs.tests.rows import all_rows, assert_books_balance
from s3project.testing.api import Answer
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db

CREATED, UPLOADED, QUEUED, RUNNING, DONE, FAILED, CANCELED = JobStatus


@dataclass(frozen=True)
class Moves:
    """The answer's status, and where the job is then."""

    status: int
    target: JobStatus


@dataclass(frozen=True)
class Refuses:
    status: int
    code: str


@dataclass(frozen=True)
class Ignores:
    """200 `processed: false`: the sender shall stop, nothing changed."""


INVALID = Refuses(409, "INVALID_TRANSITION")
CANCELED_BEFORE = Refuses(409, "ALREADY_CANCELED")
IGNORED = Ignores()

# For each event the outcome in the states created … canceled, in their order.
OUTCOMES: dict[str, tuple[Moves | Refuses | Ignores, ...]] = {
    "confirm": (Moves(200, UPLOADED), INVALID, INVALID, INVALID, INVALID, INVALID, INVALID),
    "execute": (
        INVALID,
        Moves(202, QUEUED),
        INVALID,
        INVALID,
        INVALID,
        INVALID,
        CANCELED_BEFORE,
    ),
    "a result": (
        INVALID,
        INVALID,
        Moves(200, RUNNING),
        Moves(200, RUNNING),
        IGNORED,
        IGNORED,
        IGNORED,
    ),
    "the last result, done": (
        INVALID,
        INVALID,
        Moves(200, DONE),
        Moves(200, DONE),
        IGNORED,
        IGNORED,
        IGNORED,
    ),
    "the last result, failed": (
        INVALID,
        INVALID,
        Moves(200, FAILED),
        Moves(200, FAILED),
        IGNORED,
        IGNORED,
        IGNORED,
    ),
    "cancel": (
        Moves(200, CANCELED),
        Moves(200, CANCELED),
        Moves(200, CANCELED),
        Moves(200, CANCELED),
        INVALID,
        Moves(200, CANCELED),
        CANCELED_BEFORE,
    ),
}
CASES = [
    pytest.param(event, status, outcome, id=f"{event} while {status}")
    for event, outcomes in OUTCOMES.items()
    for status, outcome in zip(JobStatus, outcomes, strict=True)
]


def job_in(status: JobStatus, event: str) -> JobCoordinator:
    """A job in `status` whose item with the highest idx makes the result of `event`."""
    last_result = event.startswith("the last")
    if status == RUNNING:
        # One photo has failed, so that the last result alone decides between done and failed.
        job = make_job(QUEUED, items=2 if last_result else 3)
        report(job, 0, ItemStatus.FAILED)
        return job
    return make_job(status, items=1 if last_result else 3)


def send(event: str, job: JobCoordinator) -> Answer:
    match event:
        case "confirm":
            return api_of(job.user).post(f"/jobs/{job.public_id}/confirm-upload")
        case "execute":
            body = {"concepts": RECOLOR_FLOOR}
            return api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)
        case "cancel":
            return api_of(job.user).post(f"/jobs/{job.public_id}/cancel")
    status = "failed" if event.endswith("failed") else "done"
    idx = job.total_items - 1
    body = callback_body(job, idx, status, idempotency_key="a key of its own")
    return worker_api().post(callback_path(job), body)


@pytest.mark.parametrize(("event", "status", "outcome"), CASES)
def test_every_event_in_every_state(
    event: str, status: JobStatus, outcome: Moves | Refuses | Ignores
) -> None:
    job = job_in(status, event)
    before = all_rows()

    answer = send(event, job)

    job.refresh_from_db()
    match outcome:
        case Moves():
            assert answer.status == outcome.status, answer.raw
            assert job.status == outcome.target
            assert_books_balance(job.user)
        case Refuses():
            assert answer.refusal == (outcome.status, outcome.code)
            assert all_rows() == before
        case Ignores():
            assert answer.status == 200
            assert answer.data["processed"] is False
            assert answer.data["job_status"] == status
            assert all_rows() == before


def test_a_job_of_one_photo_passes_through_running_within_one_result() -> None:
    job = make_job(QUEUED, items=1)

    answer = worker_api().post(callback_path(job), callback_body(job, 0))

    assert answer.data == {
        "processed": True,
        "duplicate": False,
        "job_status": "done",
        "progress": {"done": 1, "failed": 0, "total": 1},
    }


def test_one_success_is_enough_for_done() -> None:
    job = make_job(QUEUED, items=3)

    for idx, status in enumerate((ItemStatus.FAILED, ItemStatus.DONE, ItemStatus.FAILED)):
        report(job, idx, status)

    job.refresh_from_db()
    assert (job.status, job.done_items, job.failed_items) == (DONE, 1, 2)
    assert job.finished_at is not None
