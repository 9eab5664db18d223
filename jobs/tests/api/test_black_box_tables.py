"""The tables of the contract, row by row, over HTTP against a real server without a worker:
contract §1.4, §2 and §4.3. What decides each row has tests of its own.
"""

from collections.abc import Callable
from typing import Any

import pytest

from jobs.tests.stranger import NO_JOB, WALL, Stranger
from s3project.testing.api import Answer
from s3project.testing.live import LiveStack

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("empty_queues"),
]


@pytest.fixture
def stranger(server: LiveStack) -> Stranger:
    return Stranger(server.base_url).sign_up()


def money(stranger: Stranger) -> tuple[int, int]:
    """Credits and unfinished jobs."""
    me = stranger.send("GET", "/me").data
    return me["credits"], me["active_jobs"]


def last_event(stranger: Stranger) -> tuple[str, int, int]:
    event = stranger.send("GET", "/me/ledger?limit=1").data[0]
    return event["type"], event["amount"], event["balance_after"]


# --- Contract §1.4: credits -------------------------------------------------------------------


def test_a_sign_up_is_granted_and_a_job_reserved(stranger: Stranger) -> None:
    assert last_event(stranger) == ("grant", 10, 10)

    stranger.job(3)

    assert last_event(stranger) == ("reserve", -3, 7)
    assert money(stranger) == (7, 1)


@pytest.mark.parametrize(
    ("results", "event", "after"),
    [
        (["done", "done", "done"], ("commit", 0, 7), (7, 0)),
        (["done", "failed", "failed"], ("commit", 2, 9), (9, 0)),
        (["failed", "failed", "failed"], ("rollback", 3, 10), (10, 0)),
    ],
    ids=["all done", "some failed", "all failed"],
)
def test_the_last_result_settles(
    stranger: Stranger, results: list[str], event: tuple[str, int, int], after: tuple[int, int]
) -> None:
    job = stranger.queued_job(3)

    for idx, status in enumerate(results):
        assert stranger.report(job, idx, status).status == 200

    assert last_event(stranger) == event
    assert money(stranger) == after


def test_a_cancel_gives_everything_back_whatever_was_done(stranger: Stranger) -> None:
    job = stranger.queued_job(3)
    stranger.report(job, 0)

    canceled = stranger.send("POST", f"/jobs/{job}/cancel").data

    assert (canceled["refunded"], canceled["credits"]) == (3, 10)
    assert last_event(stranger) == ("rollback", 3, 10)
    assert money(stranger) == (10, 0)


# --- Contract §2: the state machine -----------------------------------------------------------


def job_in(stranger: Stranger, status: str) -> str:
    """A job of two photos, brought to the status by what brings it there in life."""
    if status in ("created", "uploaded"):
        job = stranger.job()
        if status == "uploaded":
            stranger.send("POST", f"/jobs/{job}/confirm-upload")
        return job
    job = stranger.queued_job()
    if status == "running":
        stranger.report(job, 0)
    elif status in ("done", "failed"):
        for idx in range(2):
            stranger.report(job, idx, status)
    elif status == "canceled":
        stranger.send("POST", f"/jobs/{job}/cancel")
    assert stranger.send("GET", f"/jobs/{job}").data["status"] == status
    return job


CONFIRM, EXECUTE, CANCEL = "confirm-upload", "execute", "cancel"
INVALID, CANCELED = (409, "INVALID_TRANSITION"), (409, "ALREADY_CANCELED")
EVENTS: dict[str, dict[str, str | tuple[int, str]]] = {
    "created": {CONFIRM: "uploaded", EXECUTE: INVALID, CANCEL: "canceled"},
    "uploaded": {CONFIRM: INVALID, EXECUTE: "queued", CANCEL: "canceled"},
    "queued": {CONFIRM: INVALID, EXECUTE: INVALID, CANCEL: "canceled"},
    "running": {CONFIRM: INVALID, EXECUTE: INVALID, CANCEL: "canceled"},
    "done": {CONFIRM: INVALID, EXECUTE: INVALID, CANCEL: INVALID},
    "failed": {CONFIRM: INVALID, EXECUTE: INVALID, CANCEL: "canceled"},
    "canceled": {CONFIRM: INVALID, EXECUTE: CANCELED, CANCEL: CANCELED},
}


@pytest.mark.parametrize("status", EVENTS)
def test_every_request_in_every_state(server: LiveStack, status: str) -> None:
    for event, expected in EVENTS[status].items():
        stranger = Stranger(server.base_url).sign_up()
        job = job_in(stranger, status)

        answer = stranger.send("POST", f"/jobs/{job}/{event}", {"concepts": WALL})

        if isinstance(expected, tuple):
            assert answer.refusal == expected, (status, event)
        else:
            assert answer.data["status"] == expected, (status, event)
        now = stranger.send("GET", f"/jobs/{job}").data["status"]
        assert now == (status if isinstance(expected, tuple) else expected)


# --- Contract §4.3: the callback --------------------------------------------------------------


def effect(answer: Answer) -> tuple[bool, bool]:
    return answer.data["processed"], answer.data["duplicate"]


def a_pending_item(stranger: Stranger) -> Any:
    return effect(stranger.report(stranger.queued_job(), 0))


def a_key_seen_for_the_same_item(stranger: Stranger) -> Any:
    job = stranger.queued_job()
    stranger.report(job, 0)
    return effect(stranger.report(job, 0))


def a_key_seen_for_another_item(stranger: Stranger) -> Any:
    job = stranger.queued_job()
    stranger.report(job, 0, key="k")
    return stranger.report(job, 1, key="k").refusal


def a_finished_job(stranger: Stranger) -> Any:
    return effect(stranger.report(job_in(stranger, "done"), 0, key="new"))


def a_canceled_job(stranger: Stranger) -> Any:
    return effect(stranger.report(job_in(stranger, "canceled"), 0))


def a_created_job(stranger: Stranger) -> Any:
    return stranger.report(stranger.job(), 0).refusal


def a_failure_that_becomes_a_success(stranger: Stranger) -> Any:
    job = stranger.queued_job()
    stranger.report(job, 0, "failed")
    answer = stranger.report(job, 0, "done", key="again")
    return (*effect(answer), answer.data["progress"])


def an_item_that_is_done_already(stranger: Stranger) -> Any:
    job = stranger.queued_job()
    stranger.report(job, 0)
    return effect(stranger.report(job, 0, "failed", key="new"))


def an_item_that_failed_again(stranger: Stranger) -> Any:
    job = stranger.queued_job()
    stranger.report(job, 0, "failed")
    return effect(stranger.report(job, 0, "failed", key="new"))


def an_idx_beyond_the_job(stranger: Stranger) -> Any:
    return stranger.report(stranger.queued_job(), 2).refusal


def an_unknown_job(stranger: Stranger) -> Any:
    return stranger.report(NO_JOB.removeprefix("/jobs/"), 0).refusal


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (an_unknown_job, (404, "JOB_NOT_FOUND")),
        (an_idx_beyond_the_job, (400, "VALIDATION_ERROR")),
        (a_key_seen_for_the_same_item, (False, True)),
        (a_key_seen_for_another_item, (409, "IDEMPOTENCY_CONFLICT")),
        (a_finished_job, (False, False)),
        (a_canceled_job, (False, False)),
        (a_created_job, (409, "INVALID_TRANSITION")),
        (a_pending_item, (True, False)),
        (a_failure_that_becomes_a_success, (True, False, {"done": 1, "failed": 0, "total": 2})),
        (an_item_that_is_done_already, (False, False)),
        (an_item_that_failed_again, (False, False)),
    ],
    ids=lambda value: value.__name__.replace("_", " ") if callable(value) else "",
)
def test_a_row_of_the_callback_table(
    stranger: Stranger, row: Callable[[Stranger], Any], expected: Any
) -> None:
    assert row(stranger) == expected
