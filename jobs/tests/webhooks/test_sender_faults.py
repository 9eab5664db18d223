"""Several senders, receivers that hang, floods, and events that cannot be made: nobody waits for
another, and nothing is written down twice.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from jobs.api.webhook_payload import payload
from jobs.models import Webhook, WebhookDelivery
from jobs.tests.webhooks.sending import endpoint, send_all, tried
from jobs.webhooks import endpoints, sender
from jobs.webhooks.claiming import LEASE, claim, waiting_turns
from jobs.webhooks.outcomes import record_outcome
from jobs.webhooks.posting import Answer, NotSent, post
from jobs.webhooks.sender import Sender
from s3project.testing.receivers import receiver, rude_receiver
from s3project.testing.sql import recorded_statements
from s3project.testing.waiting import wait_until
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_one_that_hangs_delays_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = make_user(), make_user()
    arrived_meanwhile: list[int] = []

    with receiver() as known:

        def hang(line: Any) -> None:
            line.recv(65536)
            with suppress(AssertionError):
                wait_until(lambda: len(known.received) == 5, seconds=20)
            arrived_meanwhile.append(len(known.received))

        monkeypatch.setattr(
            sender, "post", lambda *args, **options: post(*args, **options, seconds=30)
        )
        with rude_receiver(hang) as url:
            bad = endpoint(slow, url)
            for _ in range(30):
                endpoints.send_test(user_id=slow.id, webhook_id=bad.id)
            good = endpoint(quick, known.url)
            for _ in range(5):
                endpoints.send_test(user_id=quick.id, webhook_id=good.id)
            # Enough for one try of the one that hangs, which would be tried for minutes.
            WebhookDelivery.objects.filter(webhook=bad, pk__in=_all_but_one(bad)).delete()
            send_all()
    assert arrived_meanwhile == [5], "the try of the one that hangs was waited for"


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

    assert record_outcome(first, NotSent("too late")) == "too_late", "it was taken by another"
    assert tried(webhook).status == "pending"
    assert record_outcome(second, Answer(200, "ok")) == "delivered"
    assert record_outcome(second, NotSent("again")) == "too_late"
    assert tried(webhook).status == "delivered"


def test_the_outcome_for_a_webhook_that_was_deleted_meanwhile_is_nothing() -> None:
    user = make_user()
    webhook = endpoint(user, "http://127.0.0.1:9/")
    endpoints.send_test(user_id=user.id, webhook_id=webhook.id)
    [claimed] = claim(waiting_turns())
    endpoints.delete_webhook(user_id=user.id, webhook_id=webhook.id)
    assert record_outcome(claimed, Answer(200, "")) == "too_late"


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
        # PostgreSQL ends a process a moment after its connection was closed; a try takes 10 s.
        for _ in range(400):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND query LIKE '%%jobs_webhookdelivery%%'"
                )
                count = cursor.fetchone()[0]
            if not count:
                break
            time.sleep(0.02)
        seen.append(count)
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
