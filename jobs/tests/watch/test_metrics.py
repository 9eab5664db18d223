"""`GET /metrics`: who may read it, and that its figures are those of the database."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from jobs.models import Beat, JobCoordinator
from jobs.models.webhook import OffReason, Webhook
from jobs.models.webhook_delivery import WebhookDelivery
from jobs.states import ItemStatus, JobStatus
from jobs.tasks import note_beat
from jobs.tests.clock import DAY, HOUR, age
from jobs.tests.factories import make_job, report
from jobs.tests.packages import done_job, report_package
from jobs.watch.audit import run_audit
from jobs.webhooks.endpoints import create_webhook, send_test
from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ActorKind
from s3project.embedded.ports import free_port
from s3project.testing.metrics import samples_of
from s3project.testing.sql import recorded_statements
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

TOKEN = "a-token-of-operators"


@pytest.fixture(autouse=True)
def _metrics(settings: Settings) -> None:
    settings.METRICS_TOKENS = [TOKEN, "the-next-one"]


def scrape() -> dict[tuple[str, ...], float]:
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return samples_of(answer.content.decode())


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"]
)
def test_without_a_token_there_is_no_such_address(header: str) -> None:
    answer = Client().get("/metrics", headers={"Authorization": header} if header else {})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_without_the_setting_nobody_reads_them(settings: Settings) -> None:
    settings.METRICS_TOKENS = []

    for header in ("Bearer ", f"Bearer {TOKEN}"):
        assert Client().get("/metrics", headers={"Authorization": header}).status_code == 404


def test_a_token_that_is_being_replaced_and_its_successor_both_read_them() -> None:
    for token in (TOKEN, "the-next-one"):
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def test_the_figures_are_those_of_the_database(settings: Settings) -> None:
    settings.JOB_WINDOW, settings.BATCH_CONCURRENCY = 1, 4
    user = make_user(plan="pro")
    make_job(user=make_user())
    job = make_job(JobStatus.QUEUED, user=user, items=9)
    past = timezone.now() - timedelta(minutes=1)
    later = timezone.now() + timedelta(minutes=1)
    report(job, 0)
    job.items.filter(idx=1).update(lease_expires_at=past)
    job.items.filter(idx=2).update(claimed_by="w:1", lease_expires_at=later)
    done = make_job(JobStatus.QUEUED, user=user, items=3)
    done.items.filter(idx=2).update(attempt=2)
    report(done, 0)
    report(done, 1, ItemStatus.FAILED)
    report(done, 2, attempt=2)
    old = make_job(JobStatus.DONE, user=user, output_template="all")
    report_package(done_job(user=user), failed=True)
    age(old, 2 * HOUR)

    found = scrape()

    assert found[("s3_jobs_unfinished", "created")] == 1
    assert found[("s3_jobs_unfinished", "running")] == 1
    states = {key[1]: value for key, value in found.items() if key[0] == "s3_photos_pending"}
    assert states == {"unsent": 5, "due": 1, "in_hand": 1, "waiting": 1}
    packages = {key[1]: value for key, value in found.items() if key[0] == "s3_packages"}
    assert packages == {"pending": 1, "ready": 0, "failed": 1}
    assert found[("s3_broker_messages", "packages")] == 2
    assert found[("s3_jobs_finished_last_hour", "done")] == 2
    assert found[("s3_photos_finished_last_hour", "")] == 4
    assert found[("s3_photos_finished_last_hour", "photo")] == 1
    assert found[("s3_photos_rescued_last_hour",)] == 1
    assert found[("s3_broker_messages", "gpu")] == 2 + 2
    assert 0 <= found[("s3_oldest_without_result_seconds",)] < 60
    assert ("s3_audit_violations",) not in found


def test_the_age_of_the_clock_is_there_before_it_was_ever_heard() -> None:
    MigrationRecorder.Migration.objects.update(applied=Now() - HOUR)
    assert HOUR.seconds <= scrape()[("s3_beat_age_seconds",)] < HOUR.seconds + 60

    note_beat()
    assert 0 <= scrape()[("s3_beat_age_seconds",)] < 60

    Beat.objects.update(seen_at=Now() - 2 * HOUR)
    assert 2 * HOUR.seconds <= scrape()[("s3_beat_age_seconds",)] < 2 * HOUR.seconds + 60


def test_a_clock_of_the_future_is_no_age_below_zero() -> None:
    MigrationRecorder.Migration.objects.update(applied=Now() + HOUR)

    assert scrape()[("s3_beat_age_seconds",)] == 0


def test_what_expiry_and_the_audit_leave_undone_shows() -> None:
    job = make_job()
    age(job, 2 * DAY)
    sound = make_job(JobStatus.DONE)
    JobCoordinator.objects.filter(pk=sound.pk).update(storage_deleted_at=timezone.now())
    run_audit()

    found = scrape()

    assert found[("s3_jobs_overdue", "created")] == 1
    assert found[("s3_audit_violations",)] == 1, "the overdue job"
    assert 0 <= found[("s3_audit_age_seconds",)] < 60


def test_refused_callbacks_show_what_the_audit_log_has_of_each_address() -> None:
    for address, streak in (("192.0.2.1", (1, 10, 100)), ("192.0.2.2", (1,))):
        for times in streak:
            record_act(
                Action.CALLBACK_REFUSED,
                actor=Actor(ActorKind.ANYONE, address=address),
                details={"times": times},
            )

    assert scrape()["s3_acts_last_hour", "callback.refused"] == 101


def test_while_the_broker_is_away_the_rest_is_told(settings: Settings) -> None:
    make_job()
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"

    found = scrape()

    assert found[("s3_jobs_unfinished", "created")] == 1
    assert not [key for key in found if key[0] == "s3_broker_messages"]


def test_a_scrape_is_sixteen_statements_whatever_there_is() -> None:
    for _ in range(3):
        make_job(JobStatus.RUNNING)
    with recorded_statements() as statements:
        scrape()

    assert len(statements) == 16


def test_a_streak_of_refusals_counts_as_long_as_it_was() -> None:
    stranger = Actor(ActorKind.ANYONE, address="192.0.2.7")
    for times in (1, 10):
        record_act(Action.SIGN_IN_REFUSED, actor=stranger, details={"times": times})
    record_act(Action.CREDITS_GRANTED, actor=SYSTEM)

    figures = scrape()

    assert figures["s3_acts_last_hour", "sign_in.refused"] == 10
    assert figures["s3_acts_last_hour", "credits.granted"] == 1


def test_every_series_is_there_before_anything_happened() -> None:
    found = scrape()

    for series in (
        ("s3_photos_pending", "due"),
        ("s3_jobs_unfinished", "queued"),
        ("s3_photos_finished_last_hour", "worker_lost"),
        ("s3_acts_last_hour", "callback.refused"),
        ("s3_webhooks_pending", "due"),
        ("s3_webhook_oldest_due_seconds",),
        ("s3_webhooks_switched_off",),
        ("s3_results_total", "ignored", "failed"),
        ("s3_claimed_photos_total", "refused"),
        ("s3_chunks_dispatched_total", "broker_away"),
    ):
        assert series in found, series
    assert found["s3_database_up",] == 1


def test_while_the_database_is_away_what_processes_count_is_told_all_the_same() -> None:
    with connection.execute_wrapper(_away):
        found = scrape()

    assert found["s3_database_up",] == 0
    assert ("s3_photos_pending", "due") not in found
    assert ("s3_chunks_dispatched_total", "sent") in found
    assert scrape()["s3_database_up",] == 1


def _away(*_: object) -> None:
    raise OperationalError("the server closed the connection")


def test_what_waits_for_a_receiver_shows_with_its_age() -> None:
    user = make_user()
    webhook = create_webhook(user_id=user.id, url="https://example.org/")
    other = create_webhook(user_id=user.id, url="https://example.org/other")
    for one in (webhook, webhook, other):
        send_test(user_id=user.id, webhook_id=one.id)
    first, second, third = WebhookDelivery.objects.order_by("created_at")
    now = timezone.now()
    for delivery, due in ((first, now - HOUR), (second, now + HOUR), (third, now - 2 * HOUR)):
        WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=due)
    Webhook.objects.filter(pk=other.pk).update(enabled=False, off_reason=OffReason.FAILING)

    found = scrape()

    assert found["s3_webhooks_pending", "due"] == 1, "nobody sends to what is switched off"
    assert found["s3_webhooks_pending", "waiting"] == 1
    assert 3590 < found["s3_webhook_oldest_due_seconds",] < 3660
    assert found["s3_webhooks_last_hour", "pending"] == 3
    assert found["s3_webhooks_switched_off",] == 1


def test_a_scraper_may_ask_a_replica_by_its_address(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["api.example.org"]

    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"}
    assert Client().get("/metrics", headers=headers).status_code == 200
