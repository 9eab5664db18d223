"""What a user keeps: when it is counted, and what follows when it is too much."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from jobs import keys
from jobs.gpu.keyed_store import KeyedStore
from jobs.lifecycle import services
from jobs.lifecycle.second_look import create_second_look
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import StorageUnavailable
from jobs.tests.factories import make_job
from jobs.tests.objects import store_input, store_results
from jobs.upkeep import storage_use
from jobs.upkeep.deletion import delete_job_objects
from jobs.upkeep.storage_use import count_storage
from s3project.testing.sql import recorded_statements
from users.errors import StorageQuota
from users.models import User, UserLimiter
from users.models.limiter import COUNTED_DAILY, COUNTED_SOON
from users.tests.factories import api_of, ledger_of, limiter_of, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]

MIB = 1024**2
MINUTE = timedelta(minutes=1)


def make_due(user: User) -> None:
    UserLimiter.objects.filter(pk=user.pk).update(stored_due_at=Now())


def lasts(user: User) -> timedelta:
    """Until the next count."""
    due = limiter_of(user).stored_due_at
    assert due is not None
    return due - timezone.now()


def test_a_job_makes_a_count_due_some_minutes_later_and_not_before() -> None:
    user = make_user()
    assert limiter_of(user).stored_due_at is None

    make_job(user=user)

    assert COUNTED_SOON - MINUTE < lasts(user) <= COUNTED_SOON
    assert count_storage() == 0


def test_everything_that_a_user_has_is_counted_and_nothing_of_others() -> None:
    job, other = make_job(JobStatus.DONE), make_job(JobStatus.DONE)
    for one in (job, other):
        store_input(one, 0, b"x" * (3 * MIB))
        store_results(one, 0)
    KeyedStore().write(keys.by_photo_key(job.user_id, "0" * 64), b"12345", "application/json")
    make_due(job.user)

    assert count_storage() == 1

    made = len(b"a result" + b"a preview" + b"a mask")
    assert limiter_of(job.user).stored_bytes == 3 * MIB + made + 5
    assert limiter_of(other.user).stored_bytes == 0
    said = api_of(job.user).get("/me").data["storage"]
    assert (said["used_mib"], said["limit_mib"]) == (4, 102_400)
    assert said["counted_at"] is not None


def test_the_next_count_is_soon_while_anything_changes_then_daily_then_none() -> None:
    job = make_job(JobStatus.DONE)
    store_input(job, 0)

    make_due(job.user)
    count_storage()
    assert COUNTED_SOON - MINUTE < lasts(job.user) <= COUNTED_SOON

    make_due(job.user)
    count_storage()
    assert COUNTED_DAILY - MINUTE < lasts(job.user) <= COUNTED_DAILY

    services.delete_job(user_id=job.user_id, job_id=job.id)
    delete_job_objects(job.id)
    assert lasts(job.user) <= timedelta()
    for _ in range(2):
        count_storage()
        make_due_if_any(job.user)
    count_storage()
    limiter = limiter_of(job.user)
    assert (limiter.stored_bytes, limiter.stored_due_at) == (0, None)


def make_due_if_any(user: User) -> None:
    UserLimiter.objects.filter(pk=user.pk, stored_due_at__isnull=False).update(stored_due_at=Now())


def test_what_becomes_due_during_a_count_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(JobStatus.DONE)
    make_due(job.user)
    later = timezone.now() + timedelta(seconds=1)

    def meanwhile(user_id: object) -> int:
        UserLimiter.objects.filter(pk=job.user_id).update(stored_due_at=later)
        return 7

    monkeypatch.setattr(storage_use, "_stored_bytes", meanwhile)
    count_storage()

    limiter = limiter_of(job.user)
    assert (limiter.stored_bytes, limiter.stored_due_at) == (7, later)


def test_a_run_ends_by_the_clock_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    users = [make_job(JobStatus.DONE).user for _ in range(3)]
    for user in users:
        make_due(user)
    monkeypatch.setattr(storage_use, "SECONDS_PER_RUN", 0)

    assert [count_storage() for _ in range(4)] == [1, 1, 1, 0]
    assert all(limiter_of(user).stored_at for user in users)


def test_of_more_objects_than_pages_so_much_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(JobStatus.DONE)
    store_input(job, 0, b"12345")
    store_results(job, 0)
    make_due(job.user)
    monkeypatch.setattr(storage_use, "PAGES_PER_USER", 1)

    count_storage()

    assert limiter_of(job.user).stored_bytes == 5


def test_who_cannot_be_counted_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_job(JobStatus.DONE).user, make_job(JobStatus.DONE).user
    make_due(first)
    make_due(second)

    def away_for_first(user_id: object) -> int:
        if user_id == first.pk:
            raise StorageUnavailable
        return 1

    monkeypatch.setattr(storage_use, "_stored_bytes", away_for_first)

    assert count_storage() == 1
    assert (limiter_of(first).stored_at, limiter_of(second).stored_bytes) == (None, 1)


def test_a_count_takes_one_statement_and_one_for_each_user() -> None:
    for _ in range(3):
        make_due(make_job(JobStatus.DONE).user)

    with recorded_statements() as statements:
        count_storage()

    assert len(statements) == 4


# --- The quota -----------------------------------------------------------------------------


def keep(user: User, size: int) -> None:
    UserLimiter.objects.filter(pk=user.pk).update(stored_bytes=size)


def test_who_keeps_too_much_makes_no_job_and_pays_nothing(settings: Settings) -> None:
    settings.STORAGE_QUOTA_BYTES = 10 * MIB
    user = make_user()
    keep(user, 10 * MIB)
    body = {"preset": "interior", "item_count": 1}

    answer = api_of(user).post("/jobs", body)

    assert answer.refusal == (403, "STORAGE_QUOTA")
    assert answer.error["details"] == {"used_mib": 10, "limit_mib": 10}
    assert (len(ledger_of(user)), JobCoordinator.objects.count()) == (1, 0)
    checked = api_of(user).post("/jobs/check", {**body, "concepts": {}}).data
    assert checked["refusal"]["code"] == "STORAGE_QUOTA"


def test_a_second_look_is_refused_too(settings: Settings) -> None:
    settings.STORAGE_QUOTA_BYTES = 10 * MIB
    job = make_job(JobStatus.DONE)
    keep(job.user, 10 * MIB)

    with pytest.raises(StorageQuota):
        create_second_look(user_id=job.user_id, source_job_id=job.id)


@pytest.mark.parametrize(("quota", "size"), [(10 * MIB, 10 * MIB - 1), (None, 2**50)])
def test_below_it_and_without_one_all_is_as_before(
    settings: Settings, quota: int | None, size: int
) -> None:
    settings.STORAGE_QUOTA_BYTES = quota
    user = make_user()
    keep(user, size)

    assert api_of(user).post("/jobs", {"preset": "interior", "item_count": 1}).status == 201
    limit = api_of(user).get("/me").data["storage"]["limit_mib"]
    assert limit == (None if quota is None else 10)
