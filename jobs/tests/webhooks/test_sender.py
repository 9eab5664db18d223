"""The sender: what is due is sent, signed, and written down, whatever the receivers do."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from jobs.api.webhook_payload import payload
from jobs.models import Webhook, WebhookDelivery
from jobs.models.webhook import new_secret
from jobs.models.webhook_delivery import RETRIES
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.tests.webhooks.receivers import receiver, rude_receiver
from jobs.webhooks import endpoints, sender
from jobs.webhooks.claiming import LEASE, claim, waiting_turns
from jobs.webhooks.outcomes import record_outcome
from jobs.webhooks.posting import Answer, NotSent, post
from jobs.webhooks.sender import Sender
from s3project.acts.actor import SYSTEM
from s3project.testing.sql import recorded_statements
from users.models import User
from users.services import delete_user
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def send_all() -> int:
    return Sender(payload).run()


def endpoint(user: User, url: str, **options: Any) -> Webhook:
    return endpoints.create_webhook(user_id=user.id, url=url, **options)


def tried(webhook: Webhook) -> WebhookDelivery:
    """The one delivery of an endpoint, as it is now."""
    return WebhookDelivery.objects.get(webhook=webhook)


def make_due() -> None:
    WebhookDelivery.objects.update(due_at=timezone.now())


def test_an_event_says_what_get_says_and_is_signed() -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        job = make_job(JobStatus.DONE, user=user)
        assert send_all() == 1
    [came] = known.received
    said = Verifier(webhook.secret).verify(came.body, came.headers)
    assert said == json.loads(came.body)
    assert (said["type"], set(said)) == ("job.done", {"type", "timestamp", "data"})
    assert said["data"] == api_of(user).get(f"/jobs/{job.public_id}").data
    delivery = tried(webhook)
    assert came.headers["webhook-id"] == delivery.public_id
    assert abs(int(came.headers["webhook-timestamp"]) - time.time()) < 30
    assert (delivery.status, delivery.attempts, delivery.response_status) == ("delivered", 1, 204)
    webhook.refresh_from_db()
    assert webhook.last_success_at is not None
    assert send_all() == 0


def test_an_altered_body_or_another_secret_does_not_verify() -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        send_all()
    [came] = known.received
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(came.body + b" ", came.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(came.body, came.headers)


def test_events_of_photos_say_which() -> None:
    user = make_user()
    with receiver() as known:
        endpoint(user, known.url, events=["item.done", "item.failed"])
        make_job(JobStatus.DONE, user=user, items=2)
        make_job(JobStatus.FAILED, user=user, items=1)
        send_all()
    said = [json.loads(came.body) for came in known.received]
    assert sorted((each["type"], each["idx"]) for each in said) == [
        *(("item.done", 0), ("item.done", 1)),
        ("item.failed", 0),
    ]


def test_after_a_rotation_both_secrets_sign_until_the_old_one_ends() -> None:
    user = make_user()
    with receiver() as known:
        old = endpoint(user, known.url)
        new = endpoints.rotate_webhook(user_id=user.id, webhook_id=old.id)
        endpoints.send_test(user_id=user.id, webhook_id=new.id)
        send_all()
        Webhook.objects.update(old_secret_until=timezone.now())
        endpoints.send_test(user_id=user.id, webhook_id=new.id)
        send_all()
    during, after = known.received
    for secret in (old.secret, new.secret):
        Verifier(secret).verify(during.body, during.headers)
    Verifier(new.secret).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(old.secret).verify(after.body, after.headers)


def test_what_fails_is_tried_again_ten_times_in_all_under_one_id() -> None:
    user = make_user()
    waits = []
    with receiver(status=500, body=b"broken") as known:
        webhook = endpoint(user, known.url)
        make_job(JobStatus.CANCELED, user=user)
        for _ in range(20):
            if send_all() == 0:
                break
            delivery = tried(webhook)
            if delivery.status == "pending":
                waits.append(delivery.due_at - timezone.now())
                # The clock of five days must not end it before the tries do.
                Webhook.objects.update(failing_since=timezone.now())
            make_due()
    delivery = tried(webhook)
    assert (delivery.status, delivery.attempts) == ("failed", 10)
    assert (delivery.response_status, delivery.response_body) == (500, "broken")
    assert delivery.error == "the answer was 500"
    assert set(known.ids) == {delivery.public_id}
    assert len(known.ids) == 10
    for wait, planned in zip(waits, RETRIES, strict=True):
        assert 0.9 * planned - timedelta(seconds=5) <= wait <= 1.1 * planned


def test_gone_switches_the_endpoint_off_at_once() -> None:
    user = make_user()
    with receiver(status=410) as known:
        webhook = endpoint(user, known.url)
        make_job(JobStatus.CANCELED, user=user)
        send_all()
        webhook.refresh_from_db()
        assert (webhook.enabled, webhook.off_reason) == (False, "gone")
        assert tried(webhook).status == "failed"
        make_job(JobStatus.CANCELED, user=user)
        assert send_all() == 0
    assert WebhookDelivery.objects.count() == 1


def test_five_days_without_a_success_switch_it_off_and_what_waits_is_kept() -> None:
    user = make_user()
    with receiver(status=503) as known:
        webhook = endpoint(user, known.url)
        make_job(JobStatus.CANCELED, user=user)
        send_all()
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=4, hours=23))
        make_due()
        send_all()
        webhook.refresh_from_db()
        assert webhook.enabled
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=5))
        make_due()
        send_all()
        webhook.refresh_from_db()
        assert (webhook.enabled, webhook.off_reason) == (False, "failing")
        make_due()
        assert send_all() == 0

        known.status = 204
        endpoints.update_webhook(user_id=user.id, webhook_id=webhook.id, enabled=True)
        assert send_all() == 1
    assert tried(webhook).status == "delivered"


def test_a_success_ends_the_count_of_days() -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=9))
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        send_all()
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.failing_since) == (True, None)


def test_a_redirect_is_a_failure() -> None:
    user = make_user()
    with receiver() as inner, receiver(status=302, headers={"Location": inner.url}) as known:
        webhook = endpoint(user, known.url)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        send_all()
        assert inner.received == []
    assert tried(webhook).error == "a redirect, which is not followed"


def test_an_address_that_is_no_longer_allowed_is_not_sent_to(settings: Settings) -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        settings.WEBHOOK_ALLOW_NETWORKS = []
        send_all()
        assert known.received == []
    assert tried(webhook).error == "this address is not allowed any more"


def test_a_resend_of_what_was_delivered_comes_under_the_same_id() -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        send_all()
        endpoints.resend_delivery(
            user_id=user.id, webhook_id=webhook.id, delivery_id=tried(webhook).id
        )
        send_all()
    assert len(known.ids) == 2
    assert len(set(known.ids)) == 1
    assert tried(webhook).attempts == 2


def test_nothing_is_sent_for_a_user_who_is_gone() -> None:
    user = make_user()
    with receiver() as known:
        endpoint(user, known.url)
        make_job(JobStatus.CANCELED, user=user)
        delete_user(user_id=user.id, actor=SYSTEM)
        assert send_all() == 0
    assert known.received == []


# --- Fairness, leases, faults --------------------------------------------------------------


def test_one_that_hangs_delays_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = make_user(), make_user()

    def hang(line: Any) -> None:
        line.recv(65536)
        time.sleep(20)

    monkeypatch.setattr(sender, "post", lambda *args, **options: post(*args, **options, seconds=3))
    with rude_receiver(hang) as url, receiver() as known:
        bad = endpoint(slow, url)
        for _ in range(30):
            endpoints.send_test(user_id=slow.id, webhook_id=bad.id)
        good = endpoint(quick, known.url)
        for _ in range(5):
            endpoints.send_test(user_id=quick.id, webhook_id=good.id)
        started, arrived = time.monotonic(), []

        def watch() -> None:
            while len(known.received) < 5 and time.monotonic() < started + 10:
                time.sleep(0.01)
            arrived.append(time.monotonic() - started)

        watching = threading.Thread(target=watch)
        watching.start()
        # Enough for one try of the one that hangs, which would be tried for minutes.
        WebhookDelivery.objects.filter(webhook=bad, pk__in=_all_but_one(bad)).delete()
        send_all()
        watching.join()
    assert len(known.received) == 5
    assert arrived[0] < 2.5, "the other one's try of three seconds was not waited for"


def _all_but_one(webhook: Webhook) -> list[UUID]:
    rows = WebhookDelivery.objects.filter(webhook=webhook).values_list("pk", flat=True)
    return list(rows)[1:]


def test_a_flood_for_one_endpoint_hides_no_other() -> None:
    user, other = make_user(), make_user()
    flood, lone = endpoint(user, "http://127.0.0.1:9/"), endpoint(other, "http://127.0.0.1:9/")
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            webhook=flood,
            type="webhook.test",
            created_at=timezone.now(),
            due_at=timezone.now() - timedelta(days=1),
        )
        for _ in range(3000)
    )
    endpoints.send_test(user_id=other.id, webhook_id=lone.id)
    turns = waiting_turns()
    assert {turn.webhook_id for turn in turns} == {flood.id, lone.id}
    assert len(turns) == 4 + 1


def test_what_one_sender_has_no_other_takes_until_the_lease_ends() -> None:
    user = make_user()
    webhook = endpoint(user, "http://127.0.0.1:9/")
    endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
    turns = waiting_turns()
    [first] = claim(turns)
    assert waiting_turns() == []
    assert claim(turns) == []
    WebhookDelivery.objects.update(lease_expires_at=F("lease_expires_at") - LEASE)
    [second] = claim(turns)
    assert (second.id, second.attempt) == (first.id, 2)

    assert not record_outcome(first, NotSent("too late")), "it was taken by another"
    assert tried(webhook).status == "pending"
    assert record_outcome(second, Answer(200, "ok"))
    assert not record_outcome(second, NotSent("again"))
    assert tried(webhook).status == "delivered"


def test_the_outcome_for_a_webhook_that_was_deleted_meanwhile_is_nothing() -> None:
    user = make_user()
    webhook = endpoint(user, "http://127.0.0.1:9/")
    endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
    [claimed] = claim(waiting_turns())
    endpoints.delete_webhook(user_id=user.id, webhook_id=webhook.id)
    assert not record_outcome(claimed, Answer(200, ""))


def test_an_event_that_cannot_be_made_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        broken = endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        # A job that there is not.
        WebhookDelivery.objects.filter(pk=broken.pk).update(
            type="job.done", job_id=broken.pk, due_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        Webhook.objects.update(last_success_at=timezone.now())
        assert send_all() == 1
    assert "could not be made" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_while_it_sends_there_is_no_connection_to_the_database() -> None:
    """As the task runs it: woken, in a thread of its own."""
    user = make_user()
    seen: list[int] = []

    def look(line: Any) -> None:
        line.recv(65536)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND query LIKE '%%jobs_webhookdelivery%%'"
            )
            seen.append(cursor.fetchone()[0])
        connection.close()
        line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with rude_receiver(look) as url:
        webhook = endpoint(user, url)
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        mine = Sender(payload)
        connection.close()
        mine.wake()
        deadline = time.monotonic() + 20
        while not seen and time.monotonic() < deadline:
            time.sleep(0.05)
        thread = mine._thread
        if thread is not None:
            thread.join(20)
    assert seen == [0]
    assert tried(webhook).status == "delivered"


@pytest.mark.django_db(transaction=True)
def test_waking_it_from_many_threads_sends_everything_once() -> None:
    user = make_user(plan="pro")
    with receiver(delay=0.01) as known:
        webhook = endpoint(user, known.url)
        mine = Sender(payload)
        for _ in range(10):
            endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
            mine.wake()
        deadline = time.monotonic() + 30
        while _pending() and time.monotonic() < deadline:
            time.sleep(0.05)
        thread = mine._thread
        if thread is not None:
            thread.join(20)
    assert not _pending()
    assert len(known.ids) == len(set(known.ids)) == 10


def _pending() -> bool:
    return WebhookDelivery.objects.filter(status="pending").exists()


def test_a_round_costs_the_same_whatever_is_sent() -> None:
    user = make_user()
    with receiver() as known:
        webhook = endpoint(user, known.url)
        with recorded_statements() as nothing:
            send_all()
        endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
        with recorded_statements() as one:
            send_all()
    assert len(nothing) == 1
    # Look, take; two locks and two changes; look again.
    assert len(one) == 2 + 4 + 1
