"""What events say of the difference between two answers: whoever merges them knows the job."""

import copy
import json
import random
from typing import Any, cast

import pytest

from jobs.api.job_shapes import WatchedFacts, watched_facts
from jobs.api.watch_events import has_ended
from jobs.lifecycle import services
from jobs.lifecycle.packages import ask_for_package
from jobs.lifecycle.selectors import get_job
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.stream.changes import changes, known
from jobs.tests.factories import make_job, report
from s3project.testing.listener import Event, merge
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def facts_of(job: JobCoordinator) -> WatchedFacts:
    return cast(WatchedFacts, json.loads(json.dumps(watched_facts(see(job), None))))


def see(job: JobCoordinator) -> Any:
    return get_job(user_id=job.user_id, job_id=job.id)


def told(before: WatchedFacts, after: WatchedFacts) -> list[Event]:
    """The events that lead from one answer, version `1`, to another, version `2`."""
    return [event_of(raw) for raw in changes(known(before, "1"), known(after, "2"), after)]


def event_of(raw: bytes) -> Event:
    fields = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n"))
    return Event(fields["event"], fields["id"], json.loads(fields["data"]), 0)


def merged(before: WatchedFacts, events: list[Event]) -> dict[str, Any]:
    job = copy.deepcopy(cast(dict[str, Any], before))
    for event in events:
        merge(job, event)
    return job


def without_gone(job: dict[str, Any]) -> dict[str, Any]:
    """A field that is gone is null to a client."""
    return {name: value for name, value in job.items() if value is not None}


def test_a_result_is_an_item_with_its_urls_and_the_progress() -> None:
    job = make_job(JobStatus.RUNNING, items=3)
    before = facts_of(job)
    report(job, 2)

    [event] = told(before, facts_of(job))

    assert (event.name, event.id) == ("item", "2")
    assert event.data["items"] == [{"idx": 2, "status": "done"}]
    assert [output["idx"] for output in event.data["outputs_ready"]] == [2]
    assert event.data["progress"] == {"done": 2, "failed": 0, "total": 3}


def test_the_last_result_is_an_item_and_what_became_of_the_job() -> None:
    job = make_job(JobStatus.RUNNING)
    before = facts_of(job)
    report(job, 1, ItemStatus.FAILED)

    item, rest = told(before, facts_of(job))

    assert (item.name, rest.name) == ("item", "job")
    assert set(rest.data) == {"status", "credits", "finished_at", "expires_at"}
    assert rest.data["status"] == "done"
    # Whoever was cut off between the two has not seen the new version.
    assert (item.id, rest.id) == ("1", "2")


def test_what_is_gone_is_null() -> None:
    job = make_job(JobStatus.CREATED)
    before = facts_of(job)
    services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={})

    [event] = told(before, facts_of(job))

    assert (event.name, event.data) == ("job", {"status": "uploaded", "upload": None})


def test_the_results_of_a_canceled_job_are_gone() -> None:
    job = make_job(JobStatus.RUNNING)
    before = facts_of(job)
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    item, rest = told(before, facts_of(job))

    assert item.data["items"] == [{"idx": 1, "status": "canceled"}]
    assert (rest.data["status"], rest.data["outputs_ready"]) == ("canceled", [])


def test_urls_that_are_signed_anew_are_no_news() -> None:
    before = facts_of(make_job(JobStatus.DONE))
    after = copy.deepcopy(before)
    for output in after["outputs_ready"]:
        output["result_url"] += "&signed=later"

    assert told(before, after) == []


PENDING = {"template": "all", "status": "pending", "files": 0, "url": None, "board_url": None}
READY = {"template": "all", "status": "ready", "files": 3, "url": "http://a/1", "board_url": None}


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        ([], [PENDING], [PENDING]),
        ([PENDING], [READY], [READY]),
        ([READY], [{**READY, "url": "http://a/2"}], None),
        ([READY], [READY, {**PENDING, "template": "쇼"}], [{**PENDING, "template": "쇼"}]),
        ([READY], [PENDING], [PENDING]),
    ],
)
def test_packages_are_told_of_as_they_change(
    before: list[Any], after: list[Any], heard: list[Any] | None
) -> None:
    facts = cast(dict[str, Any], facts_of(make_job(JobStatus.DONE)))
    events = told(
        cast(WatchedFacts, {**facts, "packages": before}),
        cast(WatchedFacts, {**facts, "packages": after}),
    )

    found = [event.data["packages"] for event in events if event.name == "package"]
    assert found == ([] if heard is None else [heard])
    assert len(events) == len(found)


def test_the_packages_of_a_job_that_was_deleted_are_gone() -> None:
    job = make_job(JobStatus.DONE)
    ask_for_package(user_id=job.user_id, job_id=job.id, template="all", options={})
    before = facts_of(job)
    services.delete_job(user_id=job.user_id, job_id=job.id)
    after = facts_of(job)

    [event] = told(before, after)

    assert (event.name, event.data["packages"], event.data["outputs_ready"]) == ("job", [], [])
    assert merged(before, [event]) == after


def test_the_end_comes_when_the_job_is_finished_and_no_package_is_in_work() -> None:
    assert not has_ended({"status": "running"})
    assert has_ended({"status": "done"})
    assert has_ended({"status": "canceled", "packages": []})
    assert not has_ended({"status": "done", "packages": [READY, PENDING]})
    assert has_ended({"status": "done", "packages": [READY, {**PENDING, "status": "failed"}]})


@pytest.mark.parametrize("seed", range(6))
def test_whoever_merges_all_events_knows_the_job_as_it_is(seed: int) -> None:
    """Over random lives of a job, looked at now and then."""
    choose = random.Random(seed)
    job = make_job(user=make_user(plan="pro"), items=6)
    seen = facts_of(job)
    mine = copy.deepcopy(cast(dict[str, Any], seen))
    todo: list[Any] = [
        lambda: services.confirm_upload(user_id=job.user_id, job_id=job.id, uploads={}),
        lambda: services.execute_job(user_id=job.user_id, job_id=job.id, concepts={}, protect=None),
    ]
    for idx in choose.sample(range(6), choose.randint(2, 6)):
        status = choose.choice([ItemStatus.DONE, ItemStatus.FAILED])
        todo.append(lambda idx=idx, status=status: report(job, idx, status))
    if seed % 2:
        todo.append(lambda: services.cancel_job(user_id=job.user_id, job_id=job.id))
    for step in todo:
        if job.__class__.objects.get(pk=job.pk).status == "done":
            break
        step()
        if choose.random() < 0.5:
            now = facts_of(job)
            for event in told(seen, now):
                merge(mine, event)
            seen = now
            assert without_gone(mine) == without_gone(cast(dict[str, Any], now))
