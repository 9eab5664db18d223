"""Packages that nobody works on are sent again, or given up: by the rules of photos."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.delivery.package_dispatch import dispatch_package
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.message_signing import is_signed
from jobs.models import JobCoordinator, JobPackage, WebhookDelivery
from jobs.states import PackageStatus
from jobs.tests.delivery.broker_away import broker_away
from jobs.tests.packages import claim_package, done_job, package_of
from jobs.upkeep.package_sweep import dispatch_due_packages
from jobs.webhooks.endpoints import create_webhook
from s3project.testing.broker import purge, waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]


def wait(**facts: object) -> None:
    """Time passes: the lease is over, and nobody is just about to publish."""
    JobPackage.objects.update(
        asked_at=Now() - timedelta(seconds=60), lease_expires_at=Now(), **facts
    )


def messages() -> list[PackageMessage]:
    bodies = [body for _, [body] in waiting("packages")]
    assert all(is_signed(body, configured.MESSAGE_KEYS) for body in bodies)
    return [PackageMessage.parse(body) for body in bodies]


def test_a_package_is_sent_once_its_job_is_done_and_leased_to_the_queue() -> None:
    job = done_job()

    [message] = messages()

    package = package_of(job)
    assert (package.attempt, package.claimed_by) == (1, "")
    assert package.lease_expires_at is not None
    assert (message.template, message.edition, message.work.attempt) == ("before_after", 1, 1)
    assert [item.idx for item in message.work.items] == [0, 1]
    assert message.work.callback_url.endswith(f"{job.public_id}/packages/before_after/callback")
    assert dispatch_due_packages() == 0


def test_what_the_broker_did_not_take_is_sent_by_the_sweep() -> None:
    with broker_away():
        job = done_job()
        wait()
        assert dispatch_due_packages() == 0
    assert package_of(job).attempt == 0

    assert dispatch_due_packages() == 1

    assert [message.work.attempt for message in messages()] == [1]


def test_one_that_nobody_claimed_is_sent_again_as_the_same_attempt() -> None:
    done_job()
    wait()
    purge("packages")

    assert dispatch_due_packages() == 1

    assert [message.work.attempt for message in messages()] == [1]


def test_one_that_a_worker_was_lost_with_is_sent_as_the_next_attempt() -> None:
    job = done_job()
    claim_package(job)
    wait()
    purge("packages")

    assert dispatch_due_packages() == 1

    assert [message.work.attempt for message in messages()] == [2]
    package = package_of(job)
    assert (package.attempt, package.claimed_by) == (2, "")


def test_one_under_a_live_lease_is_left_alone() -> None:
    job = done_job()
    claim_package(job)
    purge("packages")
    JobPackage.objects.update(asked_at=Now() - timedelta(hours=3))

    assert dispatch_due_packages() == 0
    assert package_of(job).status == PackageStatus.PENDING


def test_after_the_last_attempt_it_fails_and_its_owner_is_told() -> None:
    job = done_job()
    create_webhook(user_id=job.user_id, url="https://example.com/")
    claim_package(job)
    wait(attempt=3)
    purge("packages")

    assert dispatch_due_packages() == 0

    package = package_of(job)
    assert (package.status, package.error, package.reported_attempt) == (
        PackageStatus.FAILED,
        "worker_lost",
        0,
    )
    [event] = WebhookDelivery.objects.filter(job_id=job.id)
    assert (event.type, event.template) == ("package.failed", "before_after")
    assert messages() == []


def test_one_that_nobody_comes_for_fails_in_the_end() -> None:
    job = done_job()
    patience = configured.MAX_ATTEMPTS * configured.QUEUE_LEASE
    JobPackage.objects.update(
        lease_expires_at=Now(), asked_at=Now() - patience, waits_since=Now() - patience
    )

    assert dispatch_due_packages() == 0

    package = package_of(job)
    assert (package.status, package.error) == (PackageStatus.FAILED, "timeout")


def test_one_of_a_job_that_has_expired_is_forgotten(settings: Settings) -> None:
    settings.STORAGE_RETENTION = timedelta(days=30)
    job = done_job()
    JobCoordinator.objects.filter(pk=job.pk).update(finished_at=Now() - timedelta(days=31))
    wait()

    assert dispatch_due_packages() == 0

    assert not JobPackage.objects.exists()


def test_a_dispatch_that_was_held_up_takes_nothing_back() -> None:
    job = done_job()
    JobPackage.objects.update(attempt=2, lease_expires_at=None)

    assert dispatch_package(package_of(job).pk, attempt=1)

    package = package_of(job)
    assert (package.attempt, package.lease_expires_at) == (2, None)


def test_one_that_has_ended_meanwhile_is_not_sent() -> None:
    job = done_job()
    purge("packages")
    JobPackage.objects.update(status="ready", files=1, bytes=1, reported_attempt=1)

    assert dispatch_package(package_of(job).pk)

    assert messages() == []


def test_one_that_a_worker_had_lately_is_waited_for_however_long_ago_it_was_asked_for() -> None:
    job = done_job()
    JobPackage.objects.update(waits_since=Now() - timedelta(days=1))
    claim_package(job)
    wait(claimed_by="", attempt=2)
    JobPackage.objects.update(asked_at=Now() - timedelta(days=1))
    purge("packages")

    assert dispatch_due_packages() == 1
    assert package_of(job).status == PackageStatus.PENDING
