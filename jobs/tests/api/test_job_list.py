"""GET /jobs: a user's jobs, newest first, in pages, by status."""

from datetime import timedelta
from itertools import chain

import pytest
from django.db import connection

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project import ids
from s3project.api.envelope import timestamp
from s3project.pages import LIMIT
from s3project.testing.api import Answer, Api
from s3project.testing.sql import recorded_statements
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def rows_of(user: User, count: int, *, apart: timedelta = timedelta(seconds=1)) -> list[str]:
    """`count` canceled jobs of the past, this far apart; their ids, oldest first."""
    last = make_job(JobStatus.CANCELED, user=user)
    made = JobCoordinator.objects.bulk_create(
        JobCoordinator(
            id=ids.new_id(),
            user=user,
            status=JobStatus.CANCELED,
            preset="interior",
            total_items=2,
            finished_at=last.finished_at,
        )
        for _ in range(count - 1)
    )
    keys = [last.id, *(job.id for job in made)]
    for age, key in enumerate(reversed(keys), start=1):
        JobCoordinator.objects.filter(pk=key).update(created_at=last.created_at - apart * age)
    return [ids.public_id(ids.JOB, key) for key in keys]


def ids_in(answer: Answer) -> list[str]:
    return [job["job_id"] for job in answer.data]


def walk(api: Api, query: str) -> list[list[str]]:
    """The job ids of every page."""
    return [[job["job_id"] for job in page] for page in api.pages(f"/jobs?{query}")]


def test_jobs_are_listed_newest_first_unfinished_ones_included() -> None:
    user = make_user(plan="pro")
    done = make_job(JobStatus.DONE, user=user)
    running = make_job(JobStatus.RUNNING, user=user, items=3)
    created = make_job(user=user, items=1)

    answer = api_of(user).get("/jobs")

    assert answer.data == [
        {
            "job_id": job.public_id,
            "status": status,
            "preset": "interior",
            "created_at": timestamp(job.created_at),
            "progress": progress,
        }
        for job, status, progress in (
            (created, "created", {"done": 0, "failed": 0, "total": 1}),
            (running, "running", {"done": 1, "failed": 0, "total": 3}),
            (done, "done", {"done": 2, "failed": 0, "total": 2}),
        )
    ]
    assert answer.envelope["meta"]["next_cursor"] is None


def test_a_user_without_jobs_has_an_empty_list() -> None:
    answer = api_of(make_user()).get("/jobs")

    assert (answer.data, answer.envelope["meta"]["next_cursor"]) == ([], None)


def test_another_users_jobs_are_not_listed() -> None:
    mine, other = make_job(), make_job()

    assert ids_in(api_of(mine.user).get("/jobs")) == [mine.public_id]
    assert ids_in(api_of(other.user).get("/jobs")) == [other.public_id]


def test_the_list_needs_a_token() -> None:
    assert Api().get("/jobs").refusal == (401, "AUTH_REQUIRED")


# --- Pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1] * 7), (2, [2, 2, 2, 1]), (7, [7]), (8, [7]), (200, [7])]
)
@pytest.mark.parametrize("apart", [timedelta(0), timedelta(microseconds=1), timedelta(days=1)])
def test_the_pages_together_are_the_list(limit: int, sizes: list[int], apart: timedelta) -> None:
    user = make_user()
    made = rows_of(user, 7, apart=apart)

    pages = walk(api_of(user), f"limit={limit}")

    assert [len(page) for page in pages] == sizes
    # Jobs of the same instant are ordered by their ids, which also grow.
    assert list(chain(*pages)) == sorted(made, reverse=True) == made[::-1]


def test_a_page_has_fifty_jobs_unless_asked_otherwise() -> None:
    user = make_user()
    rows_of(user, 51)

    assert [len(page) for page in walk(api_of(user), "")] == [50, 1]


def test_jobs_made_meanwhile_shift_no_page() -> None:
    user = make_user()
    made = rows_of(user, 5)
    api = api_of(user)
    first = api.get("/jobs?limit=2")

    make_job(user=user)
    cursor = first.envelope["meta"]["next_cursor"]

    assert ids_in(api.get(f"/jobs?limit=3&cursor={cursor}")) == made[2::-1]


def test_the_same_cursor_gives_the_same_page_even_when_its_own_row_is_gone() -> None:
    user = make_user()
    made = rows_of(user, 5)
    api = api_of(user)
    cursor = api.get("/jobs?limit=2").envelope["meta"]["next_cursor"]
    last_shown = JobCoordinator.objects.owned_by(user.id).order_by("created_at")[3]
    assert last_shown.public_id == made[3]
    last_shown.delete()

    assert ids_in(api.get(f"/jobs?cursor={cursor}")) == made[2::-1]


def test_a_cursor_shows_nobody_elses_jobs() -> None:
    user = make_user()
    rows_of(user, 3)
    cursor = api_of(user).get("/jobs?limit=1").envelope["meta"]["next_cursor"]

    assert api_of(make_user()).get(f"/jobs?cursor={cursor}").data == []


# --- Status ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("status=done", ["done"]),
        ("status=created", ["created"]),
        ("status=queued", []),
        ("status=created,running", ["created", "running"]),
        ("status=created&status=running", ["created", "running"]),
        ("status=created,created", ["created"]),
        ("status=done,running&status=created", ["created", "running", "done"]),
    ],
)
def test_jobs_are_filtered_by_one_or_several_statuses(query: str, statuses: list[str]) -> None:
    user = make_user(plan="pro")
    for status in (JobStatus.DONE, JobStatus.RUNNING, JobStatus.CREATED):
        make_job(status, user=user)

    answer = api_of(user).get(f"/jobs?{query}")

    assert [job["status"] for job in answer.data] == statuses


def test_a_filtered_list_comes_in_pages_too() -> None:
    user = make_user(plan="pro")
    made = rows_of(user, 4)
    make_job(user=user)

    assert walk(api_of(user), "status=canceled&limit=3") == [made[:0:-1], made[:1]]


# --- What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/jobs", "/rules", "/me/ledger"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=201", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=2.0", "limit"),
        ("limit=1e2", "limit"),
        ("limit=+5", "limit"),
        ("limit=٣", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=%00", "limit"),
        ("limit=5&limit=6", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=%ff%fe", "cursor"),
        ("cursor=" + "A" * 36, "cursor"),
        ("cursor=" + "_" * 36, "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
        ("cursor=job_" + "0" * 32, "cursor"),
    ],
)
def test_a_page_that_does_not_exist_is_refused(path: str, query: str, field: str) -> None:
    answer = api_of(make_user()).get(f"{path}?{query}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert list(answer.error["details"]) == [field]


def test_a_cursor_that_was_changed_is_refused() -> None:
    user = make_user()
    rows_of(user, 2)
    api = api_of(user)
    cursor = api.get("/jobs?limit=1").envelope["meta"]["next_cursor"]
    assert api.get(f"/jobs?cursor={cursor}").status == 200

    other = "B" if cursor[0] == "A" else "A"
    for bad in (cursor[:-1], cursor + "A", cursor[:-1] + "~", other + cursor[1:]):
        assert api.get(f"/jobs?cursor={bad}").refusal == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query", ["status=", "status=Done", "status=done,", "status=finished", "status=%00"]
)
def test_a_status_that_does_not_exist_is_refused(query: str) -> None:
    answer = api_of(make_user()).get(f"/jobs?{query}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    [message] = answer.error["details"]["status"]
    known = "created, uploaded, queued, running, done, failed and canceled"
    assert message.startswith(f"Must be one or more of {known}, not ")


def test_an_unknown_parameter_is_ignored() -> None:
    assert api_of(make_user()).get("/jobs?page=2").data == []


# --- Cost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["limit=200", "limit=2", "status=canceled,done&limit=3"])
def test_a_page_costs_one_query_besides_the_users(query: str) -> None:
    user = make_user()
    rows_of(user, 6)
    api = api_of(user)

    with recorded_statements() as statements:
        assert api.get(f"/jobs?{query}").status == 200

    assert len(statements) == 2
    assert "concepts" not in statements[1]


def test_a_page_begins_at_its_cursor_in_the_index() -> None:
    user = make_user()
    rows_of(user, 300)
    api = api_of(user)
    cursor = api.get("/jobs?limit=200").envelope["meta"]["next_cursor"]
    with recorded_statements() as statements:
        api.get(f"/jobs?limit=10&cursor={cursor}")

    with connection.cursor() as sql:
        sql.execute("ANALYZE jobs_jobcoordinator")
        sql.execute("SET LOCAL enable_sort = off")
        sql.execute(f"EXPLAIN {statements[1]}")
        plan = "\n".join(line for (line,) in sql.fetchall())

    assert "Index Scan using job_user_created" in plan, plan
    assert "created_at <=" in plan.partition("Index Cond:")[2].partition("\n")[0]


def test_a_prepared_statement_reads_the_newest_rows_and_not_all_that_somebody_has() -> None:
    """It is planned for the average user, who has fewer jobs than a page."""
    user, *others = (make_user() for _ in range(100))
    with connection.cursor() as sql:
        sql.execute(
            "INSERT INTO jobs_jobcoordinator (id, user_id, status, preset, concepts, protect,"
            " protect_defaulted, metadata, total_items, done_items, failed_items,"
            " canceled_charge, overtime_ms, created_at, updated_at)"
            " SELECT gen_random_uuid(), (%s::uuid[])[1 + number %% 100], 'created', 'interior',"
            " '{}', '{}', false, '{}', 1, 0, 0, 0, 0, now() - number * interval '1 second', now()"
            " FROM generate_series(1, 3000) AS number",
            [[one.pk for one in (user, *others)]],
        )
        sql.execute("ANALYZE jobs_jobcoordinator")
        with recorded_statements() as statements:
            api_of(user).get("/jobs")
        list_statement = statements[1]
        assert LIMIT % 51 in list_statement
        sql.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        plans = []
        for limit in (LIMIT % 51, "LIMIT 51"):
            page = list_statement.replace(f"'{user.pk.hex}'::uuid", "$1")
            assert "$1" in page
            sql.execute(f"PREPARE page (uuid) AS {page.replace(LIMIT % 51, limit)}")
            sql.execute(f"EXPLAIN EXECUTE page ('{user.pk}')")
            plans.append("\n".join(line for (line,) in sql.fetchall()))
            sql.execute("DEALLOCATE page")

    planned, misled = plans
    assert "Index Scan using job_user_created" in planned, planned
    assert "Sort" not in planned, planned
    assert "Sort" in misled, misled
