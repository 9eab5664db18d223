"""Who may watch, and what a web process says that does not stream: one answer, and its end."""

import json
from typing import Any

import pytest

from jobs.api.watch import POLL_MILLISECONDS
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job, poll, report
from s3project.testing.api import Answer, Api
from s3project.testing.listener import Event
from s3project.testing.sql import recorded_statements
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def watch(job: JobCoordinator, **headers: str) -> Answer:
    return api_of(job.user).get(f"/jobs/{job.public_id}/events", **headers)


def events(answer: Answer) -> list[Event]:
    found = []
    for block in answer.raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in fields:
            found.append(Event(fields["event"], fields["id"], json.loads(fields["data"]), 0))
    return found


def test_a_snapshot_is_what_a_poll_says_byte_for_byte() -> None:
    job = make_job(JobStatus.RUNNING)

    answer = watch(job)

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.raw.startswith(b"retry: %d\n\n" % POLL_MILLISECONDS)
    [data] = [line for line in answer.raw.split(b"\n") if line.startswith(b"data: ")]
    polled = poll(job).raw
    assert data.removeprefix(b"data: ") in polled
    assert polled.startswith(b'{"success":true,"data":' + data.removeprefix(b"data: "))
    assert [event.name for event in events(answer)] == ["snapshot"]


def test_who_knows_the_present_version_is_told_nothing_again() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    [snapshot] = events(watch(job))

    assert events(watch(job, **{"Last-Event-ID": snapshot.id})) == []

    report(job, 1)
    [again] = events(watch(job, **{"Last-Event-ID": snapshot.id}))
    assert (again.name, again.data["progress"]["done"]) == ("snapshot", 2)
    assert again.id != snapshot.id


def test_a_finished_job_ends_at_once_and_whoever_heard_the_end_need_not_come_again() -> None:
    job = make_job(JobStatus.DONE)

    snapshot, end = events(watch(job))

    assert (snapshot.name, end.name, end.data) == ("snapshot", "end", {"status": "done"})
    [only] = events(watch(job, **{"Last-Event-ID": snapshot.id}))
    assert only == end
    nothing = watch(job, **{"Last-Event-ID": end.id})
    assert (nothing.status, nothing.raw) == (204, b"")


def test_somebody_elses_job_and_one_that_does_not_exist_are_the_same() -> None:
    job = make_job()
    stranger = api_of(make_user())

    for job_id in (job.public_id, "job_" + "0" * 32, "nonsense"):
        assert stranger.get(f"/jobs/{job_id}/events").refusal == (404, "JOB_NOT_FOUND")
        assert Api().get(f"/jobs/{job_id}/events").refusal == (401, "AUTH_REQUIRED")
        assert Api("x").get(f"/jobs/{job_id}/events").refusal == (401, "TOKEN_INVALID")


def test_it_takes_no_other_method() -> None:
    job = make_job()

    assert api_of(job.user).post(f"/jobs/{job.public_id}/events").refusal == (
        405,
        "METHOD_NOT_ALLOWED",
    )


def test_admission_costs_two_statements_with_a_token_and_with_a_ticket() -> None:
    """Who it is, and whether there is such a job of theirs; what there is to say is a third."""
    job = make_job(JobStatus.DONE, user=make_user(plan="pro"), items=30)
    url = poll(job).data["events_url"]
    end = events(watch(job))[-1].id

    def cost(ask: Any) -> int:
        with recorded_statements() as statements:
            ask()
        return len(statements)

    assert cost(lambda: Api().get(url, **{"Last-Event-ID": end})) == 2
    assert cost(lambda: watch(job, **{"Last-Event-ID": end})) == 2
    assert cost(lambda: watch(job)) == 3
