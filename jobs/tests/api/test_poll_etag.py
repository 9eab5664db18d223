"""GET /jobs/{id} with If-None-Match: what has not changed has no body and hardly a cost."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from jobs.lifecycle import selectors, services
from jobs.states import ItemStatus, JobStatus
from jobs.storage import bucket, presign
from jobs.tests.factories import make_job, poll, report
from s3project.testing.api import Answer, Api
from s3project.testing.race import PATIENCE_SECONDS, race
from s3project.testing.sql import recorded_statements
from users.api.auth import issue_token
from users.models import Session
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 26, 12, 0, tzinfo=UTC)


class Clock:
    """The clock that URLs are signed by."""

    now = NOON

    def __call__(self) -> datetime:
        return presign.rounded(self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(bucket, "steady_moment", clock)
    return clock


def tag(answer: Answer) -> str:
    return answer.headers["ETag"]


def test_an_answer_has_a_weak_tag_and_is_asked_for_again_before_use() -> None:
    answer = poll(make_job())

    assert tag(answer).startswith('W/"')
    assert tag(answer).endswith('"')
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("status", list(JobStatus))
def test_an_unchanged_job_is_304_without_a_body(status: JobStatus, clock: Clock) -> None:
    job = make_job(status)
    first = poll(job)

    again = poll(job, tag(first))

    assert (again.status, again.raw) == (304, b"")
    assert tag(again) == tag(first)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert "Content-Type" not in again.headers
    uuid.UUID(again.headers["X-Request-ID"])
    # The body that the client keeps is the one it would have got.
    assert poll(job).data == first.data


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{tag}", 304),
        ('"other", {tag}', 304),
        ('{tag} , W/"other"', 304),
        ("{strong}", 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ('W/"other", "another"', 200),
        ("{bare}", 200),
        ('"{tag}"', 200),
        ("", 200),
        (",,;", 200),
        ('"', 200),
    ],
)
def test_if_none_match_is_read_as_the_standard_says(known: str, status: int, clock: Clock) -> None:
    job = make_job()
    weak = tag(poll(job))
    strong = weak.removeprefix("W/")

    answer = poll(job, known.format(tag=weak, strong=strong, bare=strong.strip('"')))

    assert answer.status == status


def test_every_event_of_a_job_changes_its_tag(clock: Clock) -> None:
    user = make_user()
    job = make_job(user=user, items=3)
    seen = [poll(job)]

    def see() -> None:
        answer = poll(job, tag(seen[-1]))
        assert answer.status == 200
        seen.append(answer)

    services.confirm_upload(user_id=user.id, job_id=job.id, uploads={})
    see()
    services.execute_job(user_id=user.id, job_id=job.id, concepts={}, protect=[])
    see()
    report(job, 0, ItemStatus.FAILED)
    see()
    report(job, 0, ItemStatus.DONE, attempt=2)
    see()
    report(job, 1)
    see()
    report(job, 2, ItemStatus.FAILED)
    see()

    assert [answer.data["status"] for answer in seen] == [
        "created", "uploaded", "queued", "running", "running", "running", "done",
    ]  # fmt: skip
    assert len({tag(answer) for answer in seen}) == len(seen)


@pytest.mark.parametrize("status", [s for s in JobStatus if s not in ("done", "canceled")])
def test_a_cancel_changes_the_tag(status: JobStatus, clock: Clock) -> None:
    job = make_job(status)
    before = poll(job)

    services.cancel_job(user_id=job.user_id, job_id=job.id)

    answer = poll(job, tag(before))
    assert (answer.status, answer.data["status"]) == (200, "canceled")


def test_a_claim_and_a_repeated_result_change_nothing_that_is_shown(clock: Clock) -> None:
    job = make_job(JobStatus.RUNNING)
    before = tag(poll(job))

    services.claim_items(job_id=job.id, items=[1], attempt=1, worker="host:1")
    report(job, 0)

    assert poll(job, before).status == 304


def test_jobs_in_the_same_state_have_tags_of_their_own(clock: Clock) -> None:
    first, second = make_job(), make_job()

    assert tag(poll(first)) != tag(poll(second))
    assert poll(second, tag(poll(first))).status == 200


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.RUNNING, JobStatus.DONE])
def test_urls_and_tag_stay_for_a_quarter_of_an_hour_and_then_change_together(
    status: JobStatus, clock: Clock
) -> None:
    job = make_job(status)
    first = poll(job)

    clock.now = NOON + timedelta(minutes=14, seconds=59)
    assert poll(job).data == first.data
    assert poll(job, tag(first)).status == 304

    clock.now = NOON + timedelta(minutes=15)
    second = poll(job, tag(first))
    assert second.status == 200
    assert tag(second) != tag(first)
    assert second.data != first.data
    signed = "upload" if status == JobStatus.CREATED else "outputs_ready"
    anew = dict.fromkeys((signed, "events_url"))
    assert {**second.data, **anew} == {**first.data, **anew}


@pytest.mark.parametrize("status", [JobStatus.UPLOADED, JobStatus.QUEUED, JobStatus.CANCELED])
def test_without_other_urls_only_that_of_its_events_changes(
    status: JobStatus, clock: Clock
) -> None:
    job = make_job(status)
    first = poll(job)

    clock.now = NOON + timedelta(minutes=14, seconds=59)
    assert poll(job, tag(first)).status == 304
    assert poll(job).data == first.data

    clock.now = NOON + timedelta(days=30)
    second = poll(job, tag(first))
    assert second.data["events_url"] != first.data["events_url"]
    assert {**second.data, "events_url": None} == {**first.data, "events_url": None}


def test_each_session_has_an_address_and_a_tag_of_its_own(clock: Clock) -> None:
    """A 304 to another session would leave it with a ticket that ends with the first one."""
    job = make_job()
    sessions = [Session.objects.open(job.user_id)[0].id for _ in range(2)]
    one, other = (Api(issue_token(job.user, session)) for session in sessions)
    path = f"/jobs/{job.public_id}"

    first = one.get(path)
    again = other.get(path, **{"If-None-Match": tag(first)})

    assert (again.status, one.get(path, **{"If-None-Match": tag(first)}).status) == (200, 304)
    assert again.data["events_url"] != first.data["events_url"]


def test_new_storage_keys_change_urls_and_tag(clock: Clock, settings: Settings) -> None:
    job = make_job(JobStatus.DONE)
    first = poll(job)
    bucket.presigner.cache_clear()
    settings.STORAGE_SECRET_KEY = "another secret"
    try:
        second = poll(job, tag(first))
    finally:
        bucket.presigner.cache_clear()

    assert second.status == 200
    assert second.data["outputs_ready"] != first.data["outputs_ready"]


def test_upload_urls_of_a_poll_are_valid_for_most_of_an_hour() -> None:
    [first, _] = poll(make_job()).data["upload"]

    query = dict(part.split("=") for part in first["url"].partition("?")[2].split("&"))
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    age = datetime.now(UTC) - signed_at
    assert query["X-Amz-Expires"] == "3600"
    assert timedelta(0) <= age <= presign.ROUNDING + timedelta(seconds=5)


@pytest.mark.parametrize("known", ["*", 'W/"x"'])
def test_a_job_that_is_not_the_callers_is_not_found_whatever_is_known(known: str) -> None:
    job = make_job()
    stranger = api_of(make_user())

    for job_id in (job.public_id, "job_" + "0" * 32, "nonsense"):
        answer = stranger.get(f"/jobs/{job_id}", **{"If-None-Match": known})
        assert answer.refusal == (404, "JOB_NOT_FOUND")
        assert "ETag" not in answer.headers


def test_head_has_the_tag_and_no_body(clock: Clock) -> None:
    job = make_job()
    api = api_of(job.user)

    answer = api.send("HEAD", f"/jobs/{job.public_id}")

    assert (answer.status, answer.raw) == (200, b"")
    assert tag(answer) == tag(poll(job))
    headers = {"If-None-Match": tag(answer)}
    assert api.send("HEAD", f"/jobs/{job.public_id}", headers=headers).status == 304


def test_a_poll_costs_one_statement_and_a_poll_of_something_new_two(clock: Clock) -> None:
    job = make_job(JobStatus.DONE, user=make_user(plan="pro"), items=30)
    known = tag(poll(job))

    api = api_of(job.user)

    def statements(**headers: str) -> list[str]:
        with recorded_statements() as recorded:
            api.get(f"/jobs/{job.public_id}", **headers)
        return recorded  # the first finds the user too

    assert len(statements()) == 1
    assert len(statements(**{"If-None-Match": 'W/"older"'})) == 2
    [unchanged] = statements(**{"If-None-Match": known})
    assert "jobs_jobitem" not in unchanged


@pytest.mark.django_db(transaction=True)
def test_a_poll_beside_results_shows_counters_and_items_of_the_same_instant() -> None:
    job = make_job(JobStatus.QUEUED, user=make_user(plan="pro"), items=60)

    looked, over = threading.Event(), threading.Event()

    def see() -> list[tuple[Any, int]]:
        views = []
        while not over.is_set():
            views.append(selectors.get_job(user_id=job.user_id, job_id=job.id))
            looked.set()
        return [
            (view.job.done_items, sum(item.status == ItemStatus.DONE for item in view.items))
            for view in views
        ]

    def wait_for_a_look() -> None:
        for _ in range(2):  # the first one may have begun before
            looked.clear()
            assert looked.wait(PATIENCE_SECONDS), "nobody looks"

    def work() -> list[tuple[Any, int]]:
        try:
            for idx in range(60):
                if idx == 30:
                    wait_for_a_look()
                report(job, idx)
        finally:
            over.set()
        return []

    seen, _ = race(see, work)

    assert isinstance(seen, list), seen
    assert [row for row, _ in seen] == [items for _, items in seen]
    assert any(0 < row < 60 for row, _ in seen), "the poll never met the work"
