"""Who works, and whether what waits is getting less."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Expression, F
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.backends import backend_of
from jobs.models import AuditRun, Beat, JobPackage, WebhookDelivery, WorkerHost
from jobs.states import JobStatus
from jobs.tests.clock import HOUR, MINUTE, age
from jobs.tests.factories import claim, make_job
from jobs.tests.watch.examinations.told import findings, of
from jobs.watch.examinations.diagnosis import State
from jobs.webhooks import endpoints
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def migrated_at(moment: Expression) -> None:
    MigrationRecorder.Migration.objects.update(applied=moment)


def test_a_worker_that_claimed_lately_is_right() -> None:
    WorkerHost.objects.note("gpu-7", backend_of("cpu"))

    assert findings("workers") == [("ok", "gpu-7 runs cpu, claimed just now")]


def test_a_worker_with_another_backend_is_named() -> None:
    WorkerHost.objects.note("gpu-7", backend_of("sam3"))

    [found] = of("workers")

    assert found.state == State.WARNING
    assert found.finding.startswith("gpu-7 runs 'sam3' (any concept), clients are told of 'cpu' (")


def test_photos_that_nobody_claims_are_an_error_and_without_any_a_warning() -> None:
    assert findings("workers") == [("warning", "none has claimed a photo for a day")]
    job = make_job(JobStatus.QUEUED)
    job.items.update(attempt=1)

    assert findings("workers") == [("error", "nobody claims, and 2 photos waiting")]


def test_a_package_that_nobody_comes_for_is_an_error(settings: Settings) -> None:
    assert findings("packages") == [("ok", "none waits")]
    JobPackage.objects.create(job=make_job(JobStatus.DONE), template="set_of_its_own")
    assert findings("packages") == [("ok", "1 package waiting")]
    JobPackage.objects.update(waits_since=Now() - settings.QUEUE_LEASE - MINUTE)

    [(state, found)] = findings("packages")

    minutes = settings.QUEUE_LEASE // MINUTE + 1
    assert (state, found) == (
        "error", f"1 package waiting, the longest was asked for {minutes} minutes ago",
    )  # fmt: skip


def test_a_webhook_that_nobody_sends_is_an_error() -> None:
    none = "0 due, 0 wait to be tried again, no endpoints given up"
    assert findings("webhooks") == [("ok", none)]
    webhook = endpoints.create_webhook(user_id=make_user().id, url="https://example.com/")
    WebhookDelivery.objects.create(webhook=webhook, type="job.done", due_at=Now() + HOUR)
    late = WebhookDelivery.objects.create(webhook=webhook, type="job.done", due_at=Now() - MINUTE)
    assert findings("webhooks") == [
        ("ok", "1 due, 1 wait to be tried again, no endpoints given up")
    ]
    WebhookDelivery.objects.filter(pk=late.pk).update(due_at=Now() - 5 * MINUTE)

    assert findings("webhooks") == [
        (
            "error",
            "1 due, 1 wait to be tried again, no endpoints given up; "
            "the oldest is due for 5 minutes",
        )
    ]


def test_photos_that_are_overdue_mean_that_maintenance_stands_still() -> None:
    job = make_job(JobStatus.QUEUED)
    claim(job, 0, 1)
    assert findings("maintenance") == [("ok", "nothing is overdue")]
    age(job, HOUR)

    assert findings("maintenance") == [("error", "2 photos due for more than 2 minutes")]


def test_a_clock_that_is_no_longer_heard_is_an_error_until_it_is() -> None:
    Beat.objects.note()
    assert findings("beat") == [("ok", "maintenance heard its clock just now")]
    Beat.objects.update(seen_at=Now() - 4 * MINUTE)
    assert findings("beat") == [("ok", "maintenance heard its clock 4 minutes ago")]
    Beat.objects.update(seen_at=Now() - 6 * MINUTE)
    [found] = of("beat")
    assert (found.state, found.finding) == ("error", "maintenance heard its clock 6 minutes ago")
    assert "is not running" in found.hint

    Beat.objects.note()

    assert findings("beat") == [("ok", "maintenance heard its clock just now")]


def test_a_clock_that_was_never_heard_is_an_error_unless_the_database_is_new() -> None:
    migrated_at(Now())
    assert findings("beat") == [("warning", "maintenance has not heard its clock yet")]

    migrated_at(Now() - 6 * MINUTE)

    assert findings("beat") == [("error", "maintenance never heard its clock")]


def test_the_last_audit_is_told(settings: Settings) -> None:
    assert findings("audit") == [("warning", "none has run yet")]
    AuditRun.objects.create(seconds=1, rows=1)
    assert findings("audit") == [("ok", "the last one, just now, found everything right")]
    AuditRun.objects.update(started_at=F("started_at") - timedelta(hours=3))
    assert findings("audit") == [("error", "the last one was 180 minutes ago")]
    AuditRun.objects.update(violations={"balance": {"count": 1}})
    assert findings("audit") == [("error", "the last one found: balance")]
    settings.AUDIT_EVERY = None
    assert findings("audit") == [("warning", "AUDIT_MINUTES is 0: nobody checks the books")]
