"""How many statements each request costs; transaction control is not counted.

Round trips are what a request spends its time on. A number that rises needs a reason; one that
depends on the number of photos is a mistake.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from jobs.events import EVENTS
from jobs.lifecycle.line import LINE
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
from jobs.webhooks.endpoints import create_webhook
from s3project.testing.api import Answer, Api
from s3project.testing.sql import recorded_statements
from users.tests.factories import api_of, make_user

# Outside a transaction of the test's own, so that what follows a commit is counted too.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

FEW, MANY = 1, 200


def cost(request: Callable[[], Answer], *, status: int = 200) -> int:
    """The statements of a request that is answered with `status`."""
    with recorded_statements() as statements:
        answer = request()
    assert answer.status == status, answer.raw
    return len(statements)


def job_of(items: int, status: JobStatus = JobStatus.CREATED) -> JobCoordinator:
    return make_job(status, user=make_user(plan="pro"), items=items)


def request_to(job: JobCoordinator, action: str, body: Any = None) -> Callable[[], Answer]:
    api = api_of(job.user)
    return lambda: api.post(f"/jobs/{job.public_id}/{action}", body)


def test_sign_up() -> None:
    secret = {"device_hash": "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"}
    assert cost(lambda: Api().post("/auth/anon")) == 2
    assert cost(lambda: Api().post("/auth/anon", secret)) == 3
    assert cost(lambda: Api().post("/auth/anon", secret)) == 2


def test_health_and_presets() -> None:
    api = api_of(make_user())
    assert cost(lambda: api.get("/health")) == 0
    assert cost(lambda: api.get("/presets")) == 0
    assert cost(lambda: api.get("/presets/interior")) == 0
    assert cost(lambda: api.get("/vocabulary")) == 0


def test_me() -> None:
    api = api_of(make_user())
    assert cost(lambda: api.get("/me")) == 1


@pytest.mark.parametrize("items", [FEW, MANY])
def test_create(items: int) -> None:
    api = api_of(make_user(plan="pro"))
    body = {"preset": "interior", "item_count": items}
    assert cost(lambda: api.post("/jobs", body), status=201) == 4


@pytest.mark.parametrize("items", [FEW, MANY])
def test_confirm(items: int) -> None:
    assert cost(request_to(job_of(items), "confirm-upload")) == 4


@pytest.mark.parametrize("items", [FEW, MANY])
def test_execute(items: int) -> None:
    job = job_of(items, JobStatus.UPLOADED)
    assert cost(request_to(job, "execute", {"concepts": RECOLOR_FLOOR}), status=202) == 5


@pytest.mark.parametrize("items", [2, MANY])
def test_claim(items: int) -> None:
    job = job_of(items, JobStatus.QUEUED)
    body = {"items": list(range(items)), "attempt": 1, "worker": "w"}
    assert cost(lambda: worker_api().post(f"/jobs/{job.public_id}/claim", body)) == 2


@pytest.mark.parametrize("items", [2, MANY])
@pytest.mark.parametrize("status", ["done", "failed"])
def test_callback(items: int, status: str) -> None:
    job = job_of(items, JobStatus.QUEUED)
    body = callback_body(job, 0, status)
    assert cost(lambda: worker_api().post(callback_path(job), body)) == 3
    assert cost(lambda: worker_api().post(callback_path(job), body)) == 2  # a repeat


def test_a_callback_that_sends_the_next_chunk(settings: Settings) -> None:
    """Once in a chunk, and only for a job that was not sent at once: what comes next,
    its reservation, where its photos are and its owner's plan, its lease."""
    settings.JOB_WINDOW, settings.BATCH_CONCURRENCY = 2, 2
    job = job_of(30, JobStatus.QUEUED)
    costs = [
        cost(partial(worker_api().post, callback_path(job), callback_body(job, idx)))
        for idx in range(4)
    ]
    assert costs == [3, 7, 3, 7]


@pytest.mark.parametrize("items", [2, 30])
@pytest.mark.parametrize("status", ["done", "failed"])
def test_the_last_callback(items: int, status: str) -> None:
    """The settlement adds three: the limiter's lock, the money and the slot, the history. Whether
    anybody is told is asked within these."""
    job = job_of(items, JobStatus.QUEUED)
    for idx in range(items - 1):
        report(job, idx, ItemStatus.FAILED)
    body = callback_body(job, items - 1, status)
    assert cost(lambda: worker_api().post(callback_path(job), body)) == 6


def test_the_last_callback_of_a_job_that_ordered_a_package() -> None:
    """Whether there is one already, the package, the version of the job; and to send it: the
    package with its job and user, their overtime, its photos, its lease."""
    job = make_job(JobStatus.RUNNING, output_template="all")
    body = callback_body(job, 1)
    assert cost(lambda: worker_api().post(callback_path(job), body)) == 6 + 3 + 4


@pytest.mark.parametrize("items", [2, 30])
def test_packages(items: int) -> None:
    job = job_of(items, JobStatus.DONE)
    path = f"/jobs/{job.public_id}/packages"
    api = api_of(job.user)
    assert cost(lambda: api.post(path, {"template": "all"}), status=202) == 9
    assert cost(lambda: api.get(path)) == 2
    assert cost(lambda: api.get(f"/jobs/{job.public_id}")) == 1
    claim = {"edition": 1, "attempt": 1, "worker": "w"}
    assert cost(lambda: worker_api().post(f"{path}/all/claim", claim)) == 4
    body = {"edition": 1, "attempt": 1, "status": "ready", "files": 1, "bytes": 1}
    assert cost(lambda: worker_api().post(f"{path}/all/callback", body)) == 5


@pytest.mark.parametrize("items", [2, 30])
@pytest.mark.parametrize(
    "status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.RUNNING, JobStatus.DONE]
)
def test_poll(items: int, status: JobStatus) -> None:
    """In work, one statement more where nobody asked for the line within two seconds: it is one for
    all jobs of a process, however many poll."""
    job = job_of(items, status)
    api = api_of(job.user)
    LINE.forget()
    first, second = (cost(lambda: api.get(f"/jobs/{job.public_id}")) for _ in range(2))
    assert (first, second) == (2 if job.is_in_work else 1, 1)


@pytest.mark.parametrize("items", [FEW, MANY])
@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.QUEUED])
def test_cancel(items: int, status: JobStatus) -> None:
    assert cost(request_to(job_of(items, status), "cancel")) == 6


def test_cancel_of_a_failed_job() -> None:
    assert cost(request_to(job_of(2, JobStatus.FAILED), "cancel")) == 5


@pytest.mark.parametrize("jobs", [1, 3])
def test_list(jobs: int) -> None:
    user = make_user(plan="pro")
    for _ in range(jobs):
        make_job(user=user)
    api = api_of(user)
    assert cost(lambda: api.get("/jobs")) == 2


@pytest.mark.parametrize("webhooks", [0, 5])
def test_being_told_costs_the_same_however_many_are(webhooks: int) -> None:
    job = job_of(3, JobStatus.QUEUED)
    for _ in range(webhooks):
        create_webhook(user_id=job.user_id, url="https://example.com/", events=list(EVENTS))
    callbacks = [
        partial(worker_api().post, callback_path(job), callback_body(job, idx)) for idx in range(3)
    ]
    assert [cost(callback) for callback in callbacks] == ([5, 5, 10] if webhooks else [3, 3, 6])


def test_webhooks() -> None:
    user = make_user()
    api = api_of(user)
    body = {"url": "https://example.com/"}
    # Who asks; the lock, the count, the row, the act.
    assert cost(lambda: api.post("/webhooks", body), status=201) == 5
    path = f"/webhooks/{api.get('/webhooks').data[0]['id']}"
    assert cost(lambda: api.get("/webhooks")) == 2
    assert cost(lambda: api.get(path)) == 2
    assert cost(lambda: api.patch(path, {"description": "x"})) == 4
    assert cost(lambda: api.post(f"{path}/rotate")) == 4
    assert cost(lambda: api.post(f"{path}/test"), status=202) == 3
    assert cost(lambda: api.get(f"{path}/deliveries")) == 3
    assert cost(lambda: api.delete(path)) == 5
