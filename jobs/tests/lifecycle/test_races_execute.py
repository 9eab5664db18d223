"""Executing a job several times at the same instant."""

from collections.abc import Callable

import pytest

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from s3project.testing.broker import purge, waiting
from s3project.testing.race import names, race, race_without_locks
from users.tests.factories import api_of

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 6


def execution(job: JobCoordinator) -> Callable[[], str]:
    def execute() -> str:
        answer = api_of(job.user).post(
            f"/jobs/{job.public_id}/execute", {"concepts": RECOLOR_FLOOR}
        )
        return "202" if answer.status == 202 else f"{answer.status} {answer.error['code']}"

    return execute


def dispatched(job: JobCoordinator) -> list[list[int]]:
    """The idxs of each message that is waiting for a GPU worker."""
    messages = [arguments[0] for _, arguments in waiting("gpu")]
    return [
        [item["idx"] for item in message["items"]]
        for message in messages
        if message["job_id"] == job.public_id
    ]


def test_of_six_executes_one_is_accepted_and_dispatched() -> None:
    purge("gpu")
    job = make_job(JobStatus.UPLOADED, items=2)

    outcomes = names(race(*[execution(job)] * TIMES))

    assert outcomes == ["202"] + ["409 INVALID_TRANSITION"] * 5
    assert dispatched(job) == [[0, 1]]
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
    assert list(job.items.values_list("attempt", flat=True)) == [1, 1]


def test_control_without_the_lock_six_executes_dispatch_six_times() -> None:
    purge("gpu")
    job = make_job(JobStatus.UPLOADED, items=2)

    outcomes = names(race_without_locks(*[execution(job)] * TIMES))

    assert outcomes == ["202"] * TIMES
    assert dispatched(job) == [[0, 1]] * TIMES
