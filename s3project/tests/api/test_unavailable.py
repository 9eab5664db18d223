"""A database that is away or a lock that is held is 503, and passes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections, transaction

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from jobs.tests.rows import all_rows
from s3project.embedded.ports import free_port
from s3project.testing.api import Answer, Api
from s3project.testing.race import PATIENCE_SECONDS
from users.models import UserLimiter
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def assert_unavailable(answer: Answer) -> None:
    assert answer.refusal == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "details" not in answer.error
    body = answer.raw.decode().lower()
    for internal in ("select", "update", "relation", "lock", "127.0.0.1", "port", "connection"):
        assert internal not in body


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", str(free_port()))
        yield
        connection.close()


@contextmanager
def held_by_someone_else(job: JobCoordinator | None = None) -> Iterator[None]:
    """Another transaction holds the job, or everyone's limiter, until the block ends."""
    held, finished = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                rows = UserLimiter.objects.all() if job is None else JobCoordinator.objects.all()
                assert list(rows.select_for_update())
                held.set()
                finished.wait(PATIENCE_SECONDS)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        yield
    finally:
        finished.set()
        holder.join()
        connection.close()


def test_without_a_database_every_endpoint_that_needs_it_is_unavailable(
    request: pytest.FixtureRequest,
) -> None:
    api = api_of(make_user())
    request.getfixturevalue("database_away")

    assert_unavailable(api.get("/me"))
    assert_unavailable(api.post("/jobs", {"preset": "interior", "item_count": 1}))
    assert_unavailable(api.get("/jobs/job_" + "0" * 32))
    assert_unavailable(Api().post("/auth/anon"))
    assert_unavailable(
        worker_api().post(
            f"/jobs/job_{'0' * 32}/callback", {"idx": 0, "status": "done", "idempotency_key": "k"}
        )
    )


def test_without_a_database_the_process_is_still_healthy(database_away: None) -> None:
    assert Api().get("/health").data["status"] == "healthy"
    assert Api().get("/me").refusal == (401, "AUTH_REQUIRED")
    assert Api("wrong").post("/jobs/job_x/callback").refusal == (403, "CALLBACK_UNAUTHORIZED")


def test_a_connection_that_died_costs_one_request() -> None:
    api = api_of(make_user())
    api.get("/me")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()

    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connections.close_all()

    killer = threading.Thread(target=kill)
    killer.start()
    killer.join()

    assert_unavailable(api.get("/me"))
    close_old_connections()  # what a web process does after each request
    assert api.get("/me").status == 200


def test_a_job_that_is_held_is_unavailable_and_unchanged() -> None:
    job = make_job(JobStatus.QUEUED)
    before = all_rows()

    with held_by_someone_else(job):
        callback = worker_api().post(callback_path(job), callback_body(job, 0))
        cancel = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert_unavailable(callback)
    assert_unavailable(cancel)
    assert all_rows() == before
    assert worker_api().post(callback_path(job), callback_body(job, 0)).data["processed"] is True


def test_a_limiter_that_is_held_stops_new_jobs_and_the_last_result_as_a_whole() -> None:
    job = make_job(JobStatus.RUNNING)
    before = all_rows()

    with held_by_someone_else():
        create = api_of(job.user).post("/jobs", {"preset": "interior", "item_count": 1})
        last = worker_api().post(callback_path(job), callback_body(job, 1))

    assert_unavailable(create)
    assert_unavailable(last)
    # The last photo's result was taken back with the settlement that failed.
    assert all_rows() == before


@pytest.mark.parametrize(
    "sqlstate",
    [
        pytest.param("55P03", id="a lock was not free in time"),
        pytest.param("40P01", id="a deadlock"),
        pytest.param("40001", id="a serialization failure"),
        pytest.param("57014", id="a statement took too long"),
        pytest.param("57P01", id="the server shuts down"),
        pytest.param("25006", id="the server is a standby"),
    ],
)
def test_what_passes_in_the_database_is_unavailable_and_has_no_effect(sqlstate: str) -> None:
    job = make_job(JobStatus.RUNNING)
    before = all_rows()

    def fail_the_settlement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "UPDATE users_reservation" in sql:
            sql, params = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$", None
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_the_settlement):
        last = worker_api().post(callback_path(job), callback_body(job, 1))
        cancel = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert_unavailable(last)
    assert_unavailable(cancel)
    assert all_rows() == before
