"""Finding a job among many by whatever an operator has of it."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, Rule
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job, result_key
from jobs.watch.finding import BY_METADATA
from jobs.webhooks.endpoints import create_webhook
from s3project.ends_of_ids import BY_END
from s3project.testing.sql import recorded_statements
from users.models import Reservation, User
from users.tests.factories import make_user
from users.tests.operators import browser_of, listed, make_operator

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/jobcoordinator/"


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


def job_with(metadata: dict[str, str]) -> JobCoordinator:
    job, _ = services.create_job(
        user_id=make_user().id, preset="interior", item_count=1, metadata=metadata
    )
    return job


@pytest.mark.parametrize("digits", [13, 20, 31])
def test_the_beginning_of_an_id_is_enough(browser: Client, digits: int) -> None:
    job = make_job()
    JobCoordinator.objects.exclude(pk=job.pk).delete()

    assert listed(browser, JobCoordinator, q=f"job_{job.id.hex[:digits]}") == [job.pk]
    assert listed(browser, JobCoordinator, q=job.id.hex[:digits]) == [job.pk]
    assert listed(browser, JobCoordinator, q=str(job.id)[: digits + 2]) == [job.pk]
    assert listed(browser, JobCoordinator, q=f"u_{job.user_id.hex[:digits]}") == [job.pk]
    assert listed(browser, JobCoordinator, q=f"rule_{job.id.hex[:digits]}") == []


def test_another_beginning_finds_nothing(browser: Client) -> None:
    job = make_job()
    other = "0" if job.id.hex[12] != "0" else "1"

    assert listed(browser, JobCoordinator, q=f"job_{job.id.hex[:12]}{other}") == []
    assert listed(browser, JobCoordinator, q="job_xyz") == []


@pytest.mark.parametrize("digits", [6, 8, 12, 20])
def test_the_end_of_an_id_is_enough(browser: Client, digits: int) -> None:
    job, other = make_job(), make_job()
    end, user_end = job.id.hex[-digits:], job.user_id.hex[-digits:]

    for text in (end, end.upper(), f"…{end}", f"job_...{end}", user_end, f"u_…{user_end}"):
        assert listed(browser, JobCoordinator, q=text) == [job.pk]
    assert listed(browser, JobCoordinator, q=f"u_…{end}") == []
    assert listed(browser, JobCoordinator, q=f"{end} {other.id.hex[-8:]}") == [other.pk, job.pk]
    assert listed(browser, User, q=end) == [job.user_id]
    assert listed(browser, User, q=user_end) == [job.user_id]
    assert listed(browser, Reservation, q=user_end) == [job.pk]


def test_a_beginning_is_taken_with_what_shows_that_it_was_cut(browser: Client) -> None:
    job = make_job()
    JobCoordinator.objects.exclude(pk=job.pk).delete()

    assert listed(browser, JobCoordinator, q=f"{job.public_id[:20]}…") == [job.pk]


def test_digits_that_end_an_id_are_looked_for_in_texts_too(browser: Client) -> None:
    job = make_job()
    end = job.id.hex[-6:]
    other = job_with({"order": end})

    assert listed(browser, JobCoordinator, q=end) == [other.pk, job.pk]


@pytest.mark.parametrize(
    ("model", "index"), [(User, "user_id_end"), (JobCoordinator, "job_id_end")]
)
def test_the_end_of_an_id_is_looked_up_in_its_index(model: type[Model], index: str) -> None:
    users = User.objects.bulk_create(User() for _ in range(2000))
    JobCoordinator.objects.bulk_create(
        JobCoordinator(user=user, preset="interior", total_items=1) for user in users
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")
        said = BY_END.format(table=model._meta.db_table)
        cursor.execute(f"EXPLAIN {said}", ["abcdef", "%abcdef"])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert index in plan


def test_a_job_is_found_by_its_rule_and_by_what_was_told_of_it(browser: Client) -> None:
    user = make_user()
    rule = Rule.objects.create(
        user=user, name="Oak", preset_id="interior", concepts=RECOLOR_FLOOR, protect=[]
    )
    create_webhook(user_id=user.id, url="https://shop.example.com/hooks")
    job = make_job(JobStatus.UPLOADED, user=user, items=1)
    services.execute_job(
        user_id=user.id, job_id=job.id, concepts=None, protect=None, rule_id=rule.public_id
    )
    services.cancel_job(user_id=user.id, job_id=job.id)
    make_job()
    delivery = user.webhooks.get().deliveries.get()

    assert listed(browser, JobCoordinator, q=rule.public_id[:25]) == [job.pk]
    assert listed(browser, JobCoordinator, q=delivery.public_id) == [job.pk]


def test_a_job_is_found_by_its_metadata(browser: Client) -> None:
    job, other = job_with({"order": 'A "17"'}), job_with({"order": "18", "shop": "Busan"})
    make_job()

    assert listed(browser, JobCoordinator, q='A "17"') == [job.pk]
    assert listed(browser, JobCoordinator, q="shop=Busan") == [other.pk]
    assert listed(browser, JobCoordinator, q="order=Busan") == []
    assert listed(browser, JobCoordinator, q="Busa") == []


def test_the_metadata_is_looked_up_in_its_index() -> None:
    job_with({"order": "17"})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {BY_METADATA}", ['$.* ? (@ == "17")'])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "job_metadata" in plan


def test_a_job_is_found_by_the_text_of_an_error(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    for idx in range(2):
        result = ItemResult(
            idx=idx,
            status=ItemStatus.FAILED,
            idempotency_key=result_key(job, idx),
            error="The file is no picture: 100% zeros",
        )
        services.record_item_result(job_id=job.id, result=result)
    make_job(JobStatus.FAILED)

    assert listed(browser, JobCoordinator, q="NO PICTURE") == [job.pk]
    assert listed(browser, JobCoordinator, q="0% z") == [job.pk]
    assert listed(browser, JobCoordinator, q="0_ z") == []


def test_a_text_takes_three_lookups_and_no_join(browser: Client) -> None:
    User.objects.filter(pk=make_job().user_id).update(email="anna@studio.example")

    with recorded_statements() as statements:
        browser.get(JOBS, {"q": "anna"})

    # Session, operator, second factor; users, metadata, errors; the count, the page.
    assert len(statements) == 8


@pytest.mark.parametrize("text", ["$.*", '"', "\\", "=", "=x", "x=", "%", "'; --", "é=ü"])
def test_no_text_breaks_the_search(browser: Client, text: str) -> None:
    make_job()

    assert listed(browser, JobCoordinator, q=text) == []


@pytest.mark.parametrize(
    ("trouble", "found"), [("failed", ["failed"]), ("stuck", []), ("slow", [])]
)
def test_trouble_is_a_filter(browser: Client, trouble: str, found: list[str]) -> None:
    for status in (JobStatus.FAILED, JobStatus.DONE, JobStatus.QUEUED):
        make_job(status)

    response = browser.get(JOBS, {"trouble": trouble})

    assert [row.status for row in response.context["cl"].result_list] == found


def test_counts_of_filters_are_never_asked_for(browser: Client) -> None:
    make_job()

    page = browser.get(JOBS, {"_facets": "True"})

    assert page.status_code == 200
    assert "Show counts" not in page.content.decode()
