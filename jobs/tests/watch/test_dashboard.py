"""What operators see first: that its figures are those of the database, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from jobs.backends import Backend
from jobs.lifecycle import services
from jobs.models import Beat, JobCoordinator, WorkerHost
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, HOUR, MINUTE, age
from jobs.tests.factories import claim, make_job, report
from jobs.watch.audit import run_audit
from jobs.watch.dashboard import Ended, read_dashboard
from s3project.embedded.ports import free_port
from s3project.testing.sql import recorded_statements
from users.models import UserLimiter
from users.tests.factories import make_user
from users.tests.operators import browser_of, make_operator, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

INDEX = "/admin/"


def ended(*, done: int = 1, failed: int = 0, ago: timedelta = timedelta(0)) -> JobCoordinator:
    job = make_job(JobStatus.QUEUED, items=done + failed)
    for idx in range(done + failed):
        report(job, idx, ItemStatus.DONE if idx < done else ItemStatus.FAILED)
    job.refresh_from_db()
    age(job, ago)
    return job


def test_an_empty_service_has_a_dashboard_of_zeros() -> None:
    now = read_dashboard()

    assert (now.unfinished, now.photos, now.failures, now.workers, now.audit) == (
        {},
        {},
        [],
        [],
        None,
    )
    assert (now.reserved, now.spent, now.stored_bytes, now.oldest_wait) == (0, 0, 0, 0)
    assert now.minutes == [Ended()] * 60
    assert now.hours == [Ended()] * 24


def test_photos_are_where_they_are() -> None:
    job = make_job(JobStatus.QUEUED, items=4)
    claim(job, 0)
    claim(job, 1)
    job.items.filter(idx=1).update(lease_expires_at=Now() - HOUR)
    make_job(JobStatus.CREATED, items=3)

    now = read_dashboard()

    assert now.photos == {"in_hand": 1, "due": 1, "waiting": 2}
    assert now.unfinished == {"queued": 1, "created": 1}
    assert now.reserved == 7
    assert now.broker is not None
    assert sum(now.broker.values()) >= 1


def test_photos_are_counted_by_the_minute_and_by_the_hour() -> None:
    ended(done=2, failed=1)
    ended(done=1, ago=5 * MINUTE)
    ended(done=1, failed=2, ago=3 * HOUR)
    ended(done=5, ago=2 * DAY)

    now = read_dashboard()

    assert now.minutes[-1] == Ended(2, 1)
    assert now.minutes[-6] == Ended(1, 0)
    assert sum(sum(minute) for minute in now.minutes) == 4
    assert now.hours[-1] == Ended(3, 1)
    assert now.hours[-4] == Ended(1, 2)
    assert now.spent == 4


def test_failures_are_told_by_reason_whatever_the_number_of_the_photo() -> None:
    ended(done=1, failed=3)
    ended(done=1, failed=1, ago=25 * HOUR)

    assert read_dashboard().failures == [("photo … is broken", 3)]


def test_a_worker_stays_with_what_it_made_after_its_photos_ended() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    claim(job, 0, 1, worker="gpu-1:10")
    claim(job, 2, worker="gpu:1:11")
    WorkerHost.objects.note("gpu-1", Backend("cpu", None))
    WorkerHost.objects.note("gpu:1", Backend("cpu", None))
    WorkerHost.objects.note("gpu-2", Backend("sam3", None))
    for idx in range(3):
        report(job, idx)

    made = {worker.host: worker.photos for worker in read_dashboard().workers}

    assert made == {"gpu-1": 2, "gpu:1": 1, "gpu-2": 0}


def test_what_a_cancel_left_charged_is_spent_too(settings: Any) -> None:
    settings.CANCEL_REFUND = "unfinished"
    job = make_job(JobStatus.RUNNING)
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    assert read_dashboard().spent == 1


def test_the_storage_is_what_was_last_counted() -> None:
    for size in (1024**3, 2 * 1024**3):
        counted = UserLimiter.objects.filter(pk=make_user().pk)
        counted.update(stored_bytes=size, stored_due_at=Now())

    assert read_dashboard().stored_bytes == 3 * 1024**3


def test_without_the_broker_there_is_a_dashboard_all_the_same(settings: Any) -> None:
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"

    assert read_dashboard().broker is None
    page = text_of(browser_of(make_operator(superuser=True)).get(INDEX))
    assert "it does not answer" in page


def test_the_page_takes_fifteen_statements_however_much_there_is() -> None:
    browser = browser_of(make_operator(superuser=True))
    for number in range(3):
        ended(done=1, failed=number)
    run_audit()

    with recorded_statements() as statements:
        page = browser.get(INDEX)

    # Session, operator, second factor, and those of the dashboard.
    assert len(statements) == 3 + 12
    assert "Last audit 1 violation" in text_of(page)


def test_whether_maintenance_hears_its_clock_is_on_the_page() -> None:
    browser = browser_of(make_operator(superuser=True))
    assert "Maintenance not seen yet" in text_of(browser.get(INDEX))
    Beat.objects.note()
    assert "ago did what its clock says" in text_of(browser.get(INDEX))
    Beat.objects.update(seen_at=Now() - 6 * HOUR)

    page = text_of(browser.get(INDEX))

    assert "Maintenance 6 h ago it or the broker stands still" in page


def test_who_may_not_see_jobs_sees_no_figures() -> None:
    ended()

    page = browser_of(make_operator("view_user")).get(INDEX)

    assert "Photos per minute" not in text_of(page)
    assert "Users" in text_of(page)


def test_nothing_on_the_page_is_a_script_or_a_style_of_its_own() -> None:
    ended(done=1, failed=1)

    page = browser_of(make_operator(superuser=True)).get(INDEX)

    text = page.content.decode()
    assert "style=" not in text
    assert "<style" not in text
    assert "<script>" not in text
    assert 'data-live="10"' in text
    assert (
        "script-src 'self'; style-src 'self'; img-src 'self';"
        in (page.headers["Content-Security-Policy"])
    )


def test_a_page_that_brings_itself_up_to_date_keeps_no_session_alive() -> None:
    operator = make_operator(superuser=True)
    browser = Client()
    browser.force_login(operator)

    live = browser.get(INDEX, headers={"X-Live": "1"})
    assert (live.status_code, "sessionid" in live.cookies) == (200, False)
    asked_for = browser.get(INDEX)
    assert "sessionid" in asked_for.cookies
