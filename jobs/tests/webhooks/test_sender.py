"""The sender: what is due is sent, signed, and written down, whatever the receivers do."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from jobs.models import Webhook, WebhookDelivery
from jobs.models.webhook import new_secret
from jobs.models.webhook_delivery import RETRIES
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.tests.packages import report_package
from jobs.tests.webhooks.sending import endpoint, make_due, send_all, tried
from jobs.webhooks import endpoints
from s3project.acts.actor import SYSTEM
from s3project.testing.receivers import receiver
from users.services import delete_user
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


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
    shown = api_of(user).get(f"/jobs/{job.public_id}").data
    # A ticket to watch is for whoever asks.
    assert said["data"] == {name: shown[name] for name in shown if name != "events_url"}
    delivery = tried(webhook)
    assert came.headers["webhook-id"] == delivery.public_id
    assert abs(int(came.headers["webhook-timestamp"]) - time.time()) < 30
    assert (delivery.status, delivery.attempts, delivery.response_status) == ("delivered", 1, 204)
    webhook.refresh_from_db()
    assert webhook.last_success_at is not None
    assert send_all() == 0


def test_an_event_of_a_package_says_which_one() -> None:
    user = make_user()
    with receiver() as known:
        endpoint(user, known.url)
        job = make_job(JobStatus.DONE, user=user, output_template="before_after")
        report_package(job)
        assert send_all() == 2
    said = {event["type"]: event for event in (json.loads(came.body) for came in known.received)}
    assert said.keys() == {"job.done", "package.ready"}
    assert said["package.ready"]["template"] == "전후비교"
    assert said["package.ready"]["data"]["packages"][0]["status"] == "ready"


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
