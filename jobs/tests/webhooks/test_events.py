"""Who is told of what, in the transaction that makes it happen, whatever happens beside it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.events import EVENTS
from jobs.models import JobCoordinator, Webhook, WebhookDelivery
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.upkeep.expiry import expire_jobs
from jobs.webhooks import endpoints
from s3project.acts.actor import SYSTEM
from s3project.testing.api import Api
from s3project.testing.race import names, race, race_in_turn, race_without_locks
from users.errors import TokenInvalid
from users.models import User
from users.services import delete_user
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

URL = "https://shop.example.com/hooks"


@pytest.fixture
def user() -> User:
    return make_user(plan="pro")


@pytest.fixture
def api(user: User) -> Api:
    return api_of(user)


def told() -> list[tuple[str, int | None]]:
    return list(WebhookDelivery.objects.order_by("created_at", "type").values_list("type", "idx"))


def test_events_are_written_for_whoever_wants_them(api: Api, user: User) -> None:
    api.post("/webhooks", {"url": URL, "events": ["job.done", "item.done"]})
    api.post("/webhooks", {"url": URL, "events": ["job.canceled"]})
    off = api.post("/webhooks", {"url": URL, "events": list(EVENTS)}).data["id"]
    api.patch(f"/webhooks/{off}", {"enabled": False})
    api_of(make_user()).post("/webhooks", {"url": URL, "events": list(EVENTS)})

    make_job(JobStatus.DONE, user=user)
    assert sorted(told(), key=str) == [("item.done", 0), ("item.done", 1), ("job.done", None)]
    make_job(JobStatus.FAILED, user=user)
    assert len(told()) == 3
    make_job(JobStatus.CANCELED, user=user)
    assert told()[-1] == ("job.canceled", None)
    assert len(told()) == 4


def test_a_failed_job_that_is_renamed_canceled_was_settled_before(api: Api, user: User) -> None:
    api.post("/webhooks", {"url": URL})
    job = make_job(JobStatus.FAILED, user=user)
    assert told() == [("job.failed", None)]
    assert api.post(f"/jobs/{job.public_id}/cancel").status == 200
    assert told() == [("job.failed", None)]


def test_what_the_clock_ends_is_told_too(api: Api, user: User) -> None:
    api.post("/webhooks", {"url": URL})
    left, stalled = make_job(user=user), make_job(JobStatus.QUEUED, user=user)
    long_ago = timezone.now() - timedelta(days=30)
    JobCoordinator.objects.filter(user=user).update(created_at=long_ago, updated_at=long_ago)
    JobCoordinator.objects.filter(pk=stalled.pk).update(queued_at=long_ago)

    expire_jobs()

    rows = WebhookDelivery.objects.values_list("job_id", "type")
    assert sorted(rows) == sorted([(left.pk, "job.canceled"), (stalled.pk, "job.failed")])


# --- Races -------------------------------------------------------------------------------------


def creation(user: User) -> Any:
    def create() -> str:
        endpoints.create_webhook(user_id=user.id, url=URL)
        return "made"

    return create


@pytest.mark.django_db(transaction=True)
def test_of_two_that_would_be_the_fifth_one_is_made() -> None:
    user = make_user()
    for _ in range(4):
        creation(user)()
    assert names(race(creation(user), creation(user))) == ["WebhookLimit", "made"]
    assert Webhook.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_be_made() -> None:
    user = make_user()
    for _ in range(4):
        creation(user)()
    assert names(race_without_locks(creation(user), creation(user))) == ["made", "made"]


@pytest.mark.django_db(transaction=True)
def test_a_user_who_leaves_makes_no_more() -> None:
    user = make_user()

    def leave() -> str:
        delete_user(user_id=user.id, actor=SYSTEM)
        return "left"

    assert names(race_in_turn(leave, creation(user))) == [TokenInvalid.__name__, "left"]
    assert Webhook.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deletion_first", [True, False])
def test_a_job_that_ends_while_its_webhook_is_deleted_ends(deletion_first: bool) -> None:
    user = make_user()
    webhook = endpoints.create_webhook(user_id=user.id, url=URL)
    job = make_job(user=user)

    def delete() -> str:
        endpoints.delete_webhook(user_id=user.id, webhook_id=webhook.id)
        return "deleted"

    def cancel() -> str:
        answer = api_of(user).post(f"/jobs/{job.public_id}/cancel")
        return str(answer.status)

    turn = (delete, cancel) if deletion_first else (cancel, delete)
    assert names(race_in_turn(*turn)) == ["200", "deleted"]
    assert (Webhook.objects.count(), WebhookDelivery.objects.count()) == (0, 0)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELED


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_leave_the_secret_of_the_second() -> None:
    user = make_user()
    webhook = endpoints.create_webhook(user_id=user.id, url=URL)

    def rotate() -> str:
        return endpoints.rotate_webhook(user_id=user.id, webhook_id=webhook.id).secret

    secrets = race(rotate, rotate)
    row = Webhook.objects.get()
    assert {row.secret, row.old_secret} == set(secrets)
