"""Deliveries are kept for a while, whatever became of them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from jobs.models import WebhookDelivery
from jobs.upkeep import webhook_log
from jobs.upkeep.webhook_log import delete_old_deliveries
from jobs.webhooks import endpoints
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db


def deliveries_of_days(*days: int, status: str = "delivered") -> list[WebhookDelivery]:
    user = make_user()
    webhook = endpoints.create_webhook(user_id=user.id, url="https://example.com/")
    return [
        WebhookDelivery.objects.create(
            webhook=webhook,
            type="job.done",
            status=status,
            created_at=timezone.now() - timedelta(days=age),
            due_at=timezone.now(),
        )
        for age in days
    ]


@pytest.mark.parametrize("status", ["pending", "delivered", "failed"])
def test_what_is_older_than_its_time_goes_and_the_rest_stays(
    status: str, settings: Settings
) -> None:
    settings.WEBHOOK_LOG_KEPT = timedelta(days=14)
    young, _, _ = deliveries_of_days(13, 15, 400, status=status)

    assert delete_old_deliveries() == 2
    assert list(WebhookDelivery.objects.all()) == [young]
    assert delete_old_deliveries() == 0


def test_a_run_is_bounded_and_takes_the_oldest_first(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_LOG_KEPT = timedelta(days=14)
    monkeypatch.setattr(webhook_log, "ROWS_PER_RUN", 2)
    left = deliveries_of_days(20, 40, 30)[0]

    assert delete_old_deliveries() == 2
    assert list(WebhookDelivery.objects.all()) == [left]
