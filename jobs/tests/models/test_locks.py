"""A lock belongs to a transaction: outside of one, whatever locks refuses before it asks."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.transaction import TransactionManagementError

from jobs.models import JobCoordinator, JobItem, JobPackage, Rule, Webhook, WebhookDelivery
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.webhooks.endpoints import create_webhook, send_test
from s3project.testing.sql import recorded_statements
from users.models import IdempotentRequest, Session, UserLimiter
from users.models.invite import Invite
from users.services import sign_up_anonymously

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = UUID(int=0)

LOCKS: dict[str, Callable[[], object]] = {
    "JobCoordinator.lock": lambda: JobCoordinator.objects.lock(NOBODY),
    "JobCoordinator.lock_for_result": lambda: JobCoordinator.objects.lock_for_result(
        NOBODY, 0, "", "done"
    ),
    "JobCoordinator.lock_if_free": lambda: JobCoordinator.objects.lock_if_free(NOBODY),
    "JobItem.lock_in_order": lambda: JobItem.objects.lock_in_order(),
    "JobPackage.lock": lambda: JobPackage.objects.lock(NOBODY, "all"),
    "Rule.lock": lambda: Rule.objects.lock(NOBODY),
    "Webhook.lock": lambda: Webhook.objects.lock(NOBODY),
    "Webhook.lock_to_delete": lambda: Webhook.objects.lock_to_delete(NOBODY),
    "WebhookDelivery.lock": lambda: WebhookDelivery.objects.lock(NOBODY),
    "Invite.lock": lambda: Invite.objects.lock("no code"),
    "UserLimiter.lock": lambda: UserLimiter.objects.lock(NOBODY),
    "Session.lock": lambda: Session.objects.lock("no digest"),
    "IdempotentRequest.try_lock": lambda: IdempotentRequest.objects.try_lock(NOBODY, "key"),
}


def of_ours() -> list[type[models.Model]]:
    return [
        model for model in apps.get_models() if model.__module__.startswith(("jobs.", "users."))
    ]


def test_every_lock_of_every_model_is_in_the_table() -> None:
    found = {
        f"{model.__name__}.{name}"
        for model in of_ours()
        for name in dir(model._default_manager)
        if name.startswith(("lock", "try_lock"))
    }

    assert found == set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS)
def test_outside_a_transaction_it_raises_and_asks_the_database_nothing(lock: str) -> None:
    with (
        recorded_statements() as statements,
        pytest.raises(TransactionManagementError, match="for a transaction, and there is none"),
    ):
        LOCKS[lock]()

    assert statements == []


def test_a_related_manager_locks_no_items_outside_a_transaction_either() -> None:
    job = make_job()

    with pytest.raises(TransactionManagementError, match="there is none"):
        job.items.lock_in_order()


def test_inside_a_transaction_every_lock_is_had() -> None:
    job = make_job()
    rule = Rule.objects.create(
        user=job.user, name="Oak", preset_id="interior", concepts=RECOLOR_FLOOR
    )
    webhook = create_webhook(user_id=job.user_id, url="https://example.com/")
    package, _ = JobPackage.objects.get_or_create(job=job, template="all")
    delivery = send_test(user_id=job.user_id, webhook_id=webhook.id)
    session = Session.objects.get(pk=sign_up_anonymously().session_id)

    with transaction.atomic(), recorded_statements() as statements:
        JobCoordinator.objects.lock(job.id)
        JobCoordinator.objects.lock_if_free(job.id)
        JobCoordinator.objects.lock_for_result(job.id, 0, "key", "done")
        list(job.items.lock_in_order())
        JobPackage.objects.lock(job.id, package.template)
        Rule.objects.lock(rule.id)
        UserLimiter.objects.lock(job.user_id)
        Webhook.objects.lock(webhook.id)
        WebhookDelivery.objects.lock(delivery.id)
        Session.objects.lock(session.refresh_digest)
        assert IdempotentRequest.objects.try_lock(job.user_id, "key")

    locking = [sql for sql in statements if " FOR NO KEY UPDATE OF " in sql]
    assert len(locking) == 9
    assert statements[-2].endswith(' FOR UPDATE OF "users_session"')
    assert "pg_try_advisory_xact_lock" in statements[-1]
