"""What is said of a job in another state than it would have to be
(contract §3.1).
"""

import pytest

from jobs.states import JobStatus
from jobs.tests.api.messages import WALL, told
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db

S = JobStatus
EXECUTED = "it was executed already"
CONFIRMED = "its upload was confirmed already"


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (S.UPLOADED, "confirm-upload", f"{CONFIRMED}, execute it next"),
        (S.QUEUED, "confirm-upload", CONFIRMED),
        (S.RUNNING, "confirm-upload", CONFIRMED),
        (S.DONE, "confirm-upload", CONFIRMED),
        (S.FAILED, "confirm-upload", CONFIRMED),
        (S.CANCELED, "confirm-upload", "create a new one"),
        (S.CREATED, "execute", "confirm its upload first"),
        (S.QUEUED, "execute", EXECUTED),
        (S.RUNNING, "execute", EXECUTED),
        (S.DONE, "execute", f"{EXECUTED}, create a new one for further edits"),
        (S.FAILED, "execute", f"{EXECUTED}, create a new one to try again"),
        (S.CANCELED, "execute", "create a new one"),
        (S.DONE, "cancel", "it can no longer be canceled"),
        (S.CANCELED, "cancel", "create a new one"),
    ],
)
def test_a_job_in_another_state_says_which_and_what_comes_next(
    status: JobStatus, action: str, reason: str
) -> None:
    job = make_job(status, items=2)
    body = {"concepts": WALL} if action == "execute" else None

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/{action}", body)

    canceled = status == S.CANCELED and action != "confirm-upload"
    code = "ALREADY_CANCELED" if canceled else "INVALID_TRANSITION"
    assert told(answer) == (409, code, f"The job is {status}: {reason}.", {"status": status})


def test_a_result_that_comes_too_early_or_for_two_photos() -> None:
    created, queued = make_job(items=2), make_job(JobStatus.QUEUED, items=2)
    early = worker_api().post(callback_path(created), callback_body(created, 0))
    worker_api().post(callback_path(queued), callback_body(queued, 1, idempotency_key="k"))
    twice = worker_api().post(callback_path(queued), callback_body(queued, 0, idempotency_key="k"))

    assert told(early) == (
        409,
        "INVALID_TRANSITION",
        "The job is created: it takes results once it was executed.",
        {"status": "created"},
    )
    assert told(twice) == (
        409,
        "IDEMPOTENCY_CONFLICT",
        "This idempotency key was used for photo 1 of the job.",
        {"idx": 1},
    )
