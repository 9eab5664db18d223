"""The operators' pages of jobs, rules and the history."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils.html import strip_tags

from jobs.models import JobCoordinator, JobLog, Rule, Webhook
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job, report
from jobs.tests.packages import claim_package, done_job
from jobs.tests.rows import all_rows
from jobs.webhooks.endpoints import create_webhook, send_test
from s3project.testing.sql import recorded_statements
from users.models import User
from users.tests.factories import make_user
from users.tests.operators import browser_of, listed, make_operator, page_of, text_of

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/jobcoordinator/"
LOGS = "/admin/jobs/joblog/"
RULES = "/admin/jobs/rule/"


def make_rule(user: User) -> Rule:
    return Rule.objects.create(
        user=user, name="Oak", preset_id="interior", concepts=RECOLOR_FLOOR, protect=["Grout"]
    )


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


# --- Finding and seeing --------------------------------------------------------------------


def test_the_list_takes_five_queries_for_fifty_jobs(browser: Client) -> None:
    for _ in range(50):
        make_job()

    with recorded_statements() as statements:
        response = browser.get(JOBS)

    # Session, operator, second factor, the count, the page with its users.
    assert len(statements) == 5
    assert len(response.context["cl"].result_list) == 50


def test_the_page_of_a_done_job_shows_its_packages(browser: Client) -> None:
    job = done_job()
    claim_package(job, worker="gpu-7:4242")

    text = text_of(browser.get(page_of(job)))

    assert "Packages" in text
    assert "before_after" in text
    assert "gpu-7:4242" in text
    assert "Packages" not in text_of(browser.get(page_of(make_job(JobStatus.QUEUED))))


def test_the_page_takes_nine_queries_for_two_hundred_items(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, user=make_user(plan="pro"), items=200)
    ContentType.objects.get_for_model(JobCoordinator)  # read once per process

    with recorded_statements() as statements:
        response = browser.get(page_of(job))

    # Session, operator, second factor, job with its user, items, reservation, billing events, acts,
    # deliveries; of a done job also packages.
    assert len(statements) == 9
    assert [row[0] for row in response.context["panels"][0].rows] == list(range(200))


def test_progress_is_told_in_words(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=10)
    for idx in range(7):
        report(job, idx)
    report(job, 7, ItemStatus.FAILED)

    assert "7 of 10, 1 failed" in text_of(browser.get(JOBS))
    assert "7 of 10, 1 failed" in text_of(browser.get(page_of(job)))


def test_a_job_is_found_by_its_id_by_its_user_and_by_email(browser: Client) -> None:
    anna = make_user()
    User.objects.filter(pk=anna.pk).update(email="anna@studio.example")
    job, other = make_job(user=anna), make_job()

    assert listed(browser, JobCoordinator, q=job.public_id) == [job.pk]
    assert listed(browser, JobCoordinator, q=f" {anna.public_id} ") == [job.pk]
    assert listed(browser, JobCoordinator, q="anna@") == [job.pk]
    assert set(listed(browser, JobCoordinator, q=f"{job.public_id} {other.public_id}")) == {
        job.pk,
        other.pk,
    }
    assert listed(browser, JobCoordinator, q="job_" + "0" * 32) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status__exact": "done"}, [JobStatus.DONE]),
        ({"finished": "no"}, [JobStatus.QUEUED]),
        ({"finished": "yes"}, [JobStatus.DONE]),
        ({"preset": "seller"}, []),
    ],
)
def test_the_list_filters(
    browser: Client, query: dict[str, str], expected: list[JobStatus]
) -> None:
    make_job(JobStatus.QUEUED)
    make_job(JobStatus.DONE)

    response = browser.get(JOBS, query)

    assert [row.status for row in response.context["cl"].result_list] == expected


def test_a_job_shows_its_items_and_its_money_on_one_page(browser: Client) -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    report(job, 0)
    report(job, 1, ItemStatus.FAILED)

    response = browser.get(page_of(job))

    items, ordered, money, *_ = response.context["panels"]
    assert [row[2:] for row in money.rows] == [("-2", 8), ("+1", 9)]
    assert "Reservation of 2 credits: commit since" in strip_tags(money.more)
    assert [strip_tags(str(row[3])) for row in items.rows] == ["done", "failed"]
    assert "photo 1 is broken" in items.rows[1][6]
    assert [[strip_tags(str(cell)) for cell in row] for row in ordered.rows] == [
        ["Floor", "recolor", "oak_a"]
    ]
    assert ordered.more == "Protected: Grout."
    assert job.user.public_id in text_of(response)


def test_the_history_shows_a_job_with_its_items(browser: Client) -> None:
    job, running = make_job(JobStatus.FAILED), make_job(JobStatus.RUNNING)

    assert listed(browser, JobLog, q="") == [job.pk]
    assert listed(browser, JobLog, q=job.public_id) == [job.pk]
    assert listed(browser, JobLog, q=job.user.public_id) == [job.pk]
    assert listed(browser, JobLog, q=running.public_id) == []
    page = browser.get(page_of(JobLog.objects.get(job_id=job.id)))
    (items,) = page.context["panels"]
    assert [(row[0], strip_tags(row[1])) for row in items.rows] == [(0, "failed"), (1, "failed")]
    assert "photo 0 is broken" in text_of(page)


def test_the_history_is_searched_by_email(browser: Client) -> None:
    job = make_job(JobStatus.DONE)
    make_job(JobStatus.DONE)
    User.objects.filter(pk=job.user_id).update(email="anna@studio.example")

    assert listed(browser, JobLog, q="anna") == [job.pk]


def test_rules_are_browsed(browser: Client) -> None:
    user = make_user()
    rule = make_rule(user)

    assert listed(browser, Rule, q=rule.public_id) == [rule.pk]
    assert listed(browser, Rule, q=user.public_id) == [rule.pk]
    assert listed(browser, Rule, q="oak") == [rule.pk]
    assert "oak_a" in text_of(browser.get(page_of(rule)))


@pytest.mark.parametrize("pages", [RULES, "/admin/jobs/webhook/"])
def test_a_short_list_is_sorted_before_its_users_are_looked_for(
    browser: Client, pages: str
) -> None:
    """Joined, all of them would be: 6 ms of PostgreSQL with 50,000 users."""
    for _ in range(3):
        user = make_user()
        make_rule(user)
        create_webhook(user_id=user.id, url="https://shop.example.com/hooks")

    with recorded_statements() as statements:
        browser.get(pages, {"o": "3"})

    # Session, operator, second factor, the count, the page, its users.
    assert len(statements) == 6
    assert not [each for each in statements if 'JOIN "users_user"' in each and "LIMIT" in each]


# --- What may be changed -------------------------------------------------------------------


@pytest.mark.parametrize("pages", [JOBS, LOGS, RULES])
@pytest.mark.parametrize("view", ["add/", "{}/change/", "{}/delete/"])
def test_nothing_is_edited_even_by_a_superuser(browser: Client, pages: str, view: str) -> None:
    job = make_job(JobStatus.DONE)
    rule = make_rule(job.user)
    before = all_rows()

    response = browser.post(
        pages + view.format(rule.pk if pages == RULES else job.pk), {"status": "canceled"}
    )

    assert response.status_code == 403
    assert all_rows() == before


def test_webhooks_are_seen_with_their_deliveries_and_without_their_secrets(
    browser: Client,
) -> None:
    user = make_user()
    webhook = create_webhook(user_id=user.id, url="https://shop.example.com/hooks")
    delivery = send_test(user_id=user.id, webhook_id=webhook.id)

    assert listed(browser, Webhook, q=webhook.public_id) == [webhook.pk]
    page = browser.get(page_of(webhook)).content.decode()
    assert webhook.url in page
    assert delivery.public_id in page
    assert webhook.secret.removeprefix("whsec_")[:20] not in page
