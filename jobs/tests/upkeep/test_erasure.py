"""DELETE /me: whatever a user wrote or sent is gone, and the numbers stay (contract §3.8)."""

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from jobs import keys
from jobs.lifecycle import services as jobs_services
from jobs.models import ItemResult, JobCoordinator, Rule, Webhook, WebhookDelivery
from jobs.states import ItemStatus, JobStatus
from jobs.storage.bucket import PhotoStorage, StorageUnavailable, photo_storage
from jobs.tests.factories import make_job, result_key
from jobs.tests.objects import job_with_objects, store_input, store_results
from jobs.tests.rows import assert_books_balance
from jobs.upkeep import erasure
from jobs.upkeep.erasure import erase_users
from jobs.upkeep.orphans import find_orphans
from s3project.acts.actor import SYSTEM
from s3project.testing.api import Api
from s3project.testing.race import names, race_in_turn
from users import services
from users.errors import TokenInvalid
from users.models import ApiKey, BillingEvent, Session, User, UserLimiter
from users.tests.factories import api_of, ledger_of, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]

MARK = "MyDaughtersRoom"
DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa9e77"


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_name <> 'django_migrations' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def rows_with(text: str) -> Iterator[str]:
    """`table: row` wherever any column of any table has the text in it."""
    with connection.cursor() as cursor:
        for table in tables():
            statement = f'SELECT t::text FROM "{table}" AS t WHERE t::text LIKE %s'
            cursor.execute(statement, [f"%{text}%"])
            yield from (f"{table}: {row}" for (row,) in cursor.fetchall())


def objects_of_user(user: User) -> list[str]:
    return [key for prefix in keys.user_prefixes(user.id) for key in photo_storage().sizes(prefix)]


def one_who_wrote_everywhere() -> tuple[User, Api]:
    """A user with MARK in every field that a client may fill, with jobs in several states."""
    user = services.sign_up_anonymously(device_hash=DEVICE).user
    services.set_plan(user_id=user.id, plan="pro")
    user.refresh_from_db()
    api = api_of(user)
    concepts = {MARK: {"action": "recolor", "value": MARK}}
    api.post("/rules", {"name": MARK, "preset_id": "interior", "concepts": concepts})
    api.post("/me/keys", {"name": MARK})
    api.post("/webhooks", {"url": f"https://{MARK}.example.com/", "description": MARK})
    order = {
        "preset": "interior",
        "items": [{"name": f"{MARK}.jpg"}],
        "metadata": {MARK: MARK},
    }
    for last in ("created", "running", "done"):
        headers = {"Idempotency-Key": f"{MARK}{last}"}
        data = api.send("POST", "/jobs", json.dumps(order).encode(), headers=headers).data
        job = JobCoordinator.objects.get_job(keys.owner_of(data["upload"][0]["key"]).job_id)  # type: ignore[union-attr]  # it is a key of ours
        store_input(job, 0)
        if last == "created":
            continue
        api.post(f"/jobs/{job.public_id}/confirm-upload")
        body = {"concepts": concepts, "protect": [MARK], "output_template": MARK}
        assert api.post(f"/jobs/{job.public_id}/execute", body).status == 202
        store_results(job, 0)
        if last == "done":
            result = ItemResult(
                idx=0,
                status=ItemStatus.DONE,
                idempotency_key=result_key(job, 0),
                warnings=[f"{MARK} was not found"],
                instances={MARK: [{"box": [0, 0, 1, 1], "share": 1}]},
            )
            jobs_services.record_item_result(job_id=job.id, result=result)
    delivery = WebhookDelivery.objects.get(webhook__user=user)
    delivery.response_body = f"thanks, {MARK}"
    delivery.save()
    return user, api


def test_nothing_that_the_user_wrote_is_left_in_any_column_or_folder() -> None:
    user, api = one_who_wrote_everywhere()
    told = {row.partition(":")[0] for row in rows_with(MARK)}
    assert told >= {
        "jobs_jobcoordinator", "jobs_jobitem", "jobs_log", "job_items_log", "jobs_rule",
        "users_apikey", "users_idempotentrequest", "jobs_webhook", "jobs_webhookdelivery",
    }  # fmt: skip
    assert len(objects_of_user(user)) == 3 + 2 * 3

    answer = api.delete("/me")
    assert (answer.status, answer.data) == (200, {"user_id": user.public_id, "deleted": True})
    assert erase_users() == 1

    assert list(rows_with(MARK)) == []
    assert list(rows_with(hashlib.sha256(DEVICE.encode()).hexdigest())) == []
    assert objects_of_user(user) == []
    assert list(find_orphans()) == []
    user.refresh_from_db()
    assert (user.is_active, user.email, user.device_hash) == (False, None, None)
    assert user.erased_at is not None
    assert (Session.objects.filter(user=user).count(), ApiKey.objects.count()) == (0, 0)
    assert Rule.objects.count() == 0
    # Nobody was told of the jobs that were canceled on the way.
    assert (Webhook.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


def test_the_ledger_keeps_its_numbers_and_unfinished_jobs_are_refunded() -> None:
    user, api = one_who_wrote_everywhere()
    before = ledger_of(user)

    api.delete("/me")
    erase_users()

    after = ledger_of(user)
    assert after[: len(before)] == before
    assert [kind for kind, *_ in after[len(before) :]] == ["rollback", "rollback"]
    limiter = UserLimiter.objects.get(pk=user.pk)
    assert (limiter.credits, limiter.active_jobs, limiter.rule_slots_used) == (199, 0, 0)
    assert_books_balance(user)


def test_every_token_and_key_ends_at_once() -> None:
    user = make_user()
    api = api_of(user)
    key = Api(api.post("/me/keys", {"name": "server"}).data["key"])
    refresh = services.sign_up_anonymously().refresh

    api.delete("/me")

    for client in (api, key):
        answer = client.get("/me")
        assert (answer.status, answer.error["code"]) == (401, "TOKEN_INVALID")
    assert Api(None).post("/auth/refresh", {"refresh": refresh}).status == 200, "somebody else's"


def test_the_device_is_free_for_a_new_account() -> None:
    first = services.sign_up_anonymously(device_hash=DEVICE).user
    services.delete_user(user_id=first.id, actor=SYSTEM)

    again = services.sign_up_anonymously(device_hash=DEVICE)

    assert again.is_new
    assert again.user.pk != first.pk


def test_others_are_not_touched() -> None:
    kept = job_with_objects(JobStatus.DONE)
    before = poll_and_objects(kept)
    services.delete_user(user_id=make_user().id, actor=SYSTEM)

    assert erase_users() == 1

    assert poll_and_objects(kept) == before


def poll_and_objects(job: JobCoordinator) -> tuple[object, list[str]]:
    return api_of(job.user).get(f"/jobs/{job.public_id}").data["items"], objects_of_user(job.user)


def test_while_the_storage_is_away_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_with_objects(JobStatus.DONE)
    services.delete_user(user_id=job.user_id, actor=SYSTEM)

    def away(*_: object) -> int:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(PhotoStorage, "delete_below", away)
        assert erase_users() == 0
    assert len(objects_of_user(job.user)) == 4

    assert erase_users() == 1
    assert objects_of_user(job.user) == []
    assert erase_users() == 0


def test_one_who_cannot_be_erased_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "USERS_PER_RUN", 1)
    stuck, other = make_user(), make_user()
    for user in (stuck, other):
        services.delete_user(user_id=user.id, actor=SYSTEM)
    erase = erasure._erase

    def fail_for_one(user_id: UUID) -> int:
        if user_id == stuck.id:
            raise OperationalError("canceling statement due to statement timeout")
        return erase(user_id)

    monkeypatch.setattr(erasure, "_erase", fail_for_one)

    assert erase_users() == 1
    other.refresh_from_db()
    stuck.refresh_from_db()
    assert (stuck.erased_at, other.erased_at is not None) == (None, True)


def test_a_user_with_many_jobs_is_erased_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "JOBS_PER_STEP", 2)
    user = make_user(plan="pro")
    jobs = [make_job(JobStatus.DONE, user=user) for _ in range(5)]
    JobCoordinator.objects.filter(user=user).update(metadata={"order": MARK})
    services.delete_user(user_id=user.id, actor=SYSTEM)

    assert erase_users() == 1

    kept = JobCoordinator.objects.filter(user=user)
    assert [(job.metadata, job.deleted_at is None) for job in kept] == [({}, False)] * len(jobs)


def test_a_deleted_user_cannot_be_made_active_again() -> None:
    user = make_user()
    services.delete_user(user_id=user.id, actor=SYSTEM)

    with pytest.raises(IntegrityError, match="user_deleted_is_nobody"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)


@pytest.mark.django_db(transaction=True)
def test_a_request_that_had_begun_makes_no_job_after_the_deletion() -> None:
    user = make_user()

    def leave() -> str:
        services.delete_user(user_id=user.id, actor=SYSTEM)
        return "deleted"

    def order() -> str:
        try:
            make_job(user=user)
        except TokenInvalid:
            return "refused"
        return "made"

    assert names(race_in_turn(leave, order)) == ["deleted", "refused"]
    assert JobCoordinator.objects.count() == 0
    assert not BillingEvent.objects.filter(type="reserve").exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_made_first_is_canceled_by_the_erasure() -> None:
    user = make_user()

    def leave() -> str:
        services.delete_user(user_id=user.id, actor=SYSTEM)
        return "deleted"

    def order() -> str:
        make_job(user=user)
        return "made"

    assert names(race_in_turn(order, leave)) == ["deleted", "made"]
    assert erase_users() == 1
    job = JobCoordinator.objects.get()
    assert (job.status, job.deleted_at is not None) == (JobStatus.CANCELED, True)
    assert_books_balance(user)
