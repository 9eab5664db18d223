"""What only operators do with jobs: stuck photos, failed photos, and how long all are kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now

from jobs.errors import SourceGone
from jobs.lifecycle import for_operators, services
from jobs.lifecycle.for_operators import Refused
from jobs.lifecycle.keeping import expires_at, is_expired
from jobs.models import JobCoordinator
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, HOUR, age
from jobs.tests.factories import claim, make_job, poll, report
from jobs.tests.rows import all_rows
from jobs.upkeep.deletion import delete_expired_objects
from s3project.acts.actor import Actor
from s3project.acts.models import Act
from s3project.acts.words import ActorKind
from s3project.testing.race import names, race, race_in_turn
from users.errors import CreditsExhausted
from users.models import UserLimiter
from users.tests.factories import limiter_of, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

DESK = Actor(ActorKind.COMMAND, name="desk")


def do(act: Any, job: JobCoordinator, **given: Any) -> Any:
    return act(user_id=job.user_id, job_id=job.id, by=DESK, reason="a ticket", **given)


def attempts(job: JobCoordinator) -> list[int]:
    return list(job.items.order_by("idx").values_list("attempt", flat=True))


def lose_message(job: JobCoordinator) -> None:
    """The queue has the lease, and no message."""
    job.items.update(lease_expires_at=Now() + HOUR)


# --- Stuck photos --------------------------------------------------------------------------


def test_photos_whose_message_is_lost_are_sent_again_as_the_same_attempt() -> None:
    job = make_job(JobStatus.QUEUED, items=3)
    lose_message(job)

    assert do(for_operators.send_photos_again, job) == 3

    assert attempts(job) == [1, 1, 1]
    left = job.items.get(idx=0).lease_expires_at
    assert left is not None
    # The lease of the queue, from now on.
    assert left - job.updated_at <= settings.QUEUE_LEASE + timedelta(minutes=1)
    act = Act.objects.get(action="job.sent_again")
    assert (act.object_id, act.reason, act.details["photos"]) == (job.public_id, "a ticket", 3)
    assert claim(job, 0, 1, 2) == [0, 1, 2]


def test_a_photo_in_the_hands_of_a_worker_stays_there() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    claim(job, 0)

    assert do(for_operators.send_photos_again, job) == 1

    assert job.items.get(idx=0).claimed_by == "gpu-1:10"
    assert report(job, 0).processed
    claim(job, 1)
    with pytest.raises(Refused, match="a worker has each of them in hand"):
        do(for_operators.send_photos_again, job)


def test_a_photo_that_a_worker_was_lost_with_has_another_attempt() -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    claim(job, 0)
    job.items.filter(idx=0).update(lease_expires_at=Now() - HOUR)

    assert do(for_operators.send_photos_again, job) == 2

    assert attempts(job) == [2, 1]


@pytest.mark.parametrize(
    "status", [JobStatus.CREATED, JobStatus.UPLOADED, JobStatus.DONE, JobStatus.CANCELED]
)
def test_only_a_job_in_work_has_stuck_photos(status: JobStatus) -> None:
    job = make_job(status)
    before = all_rows()

    with pytest.raises(Refused, match=f"is {status}"):
        do(for_operators.send_photos_again, job)

    assert all_rows() == before
    assert not Act.objects.exists()


def test_a_photo_that_is_claimed_meanwhile_is_not_taken_from_its_worker() -> None:
    job = make_job(JobStatus.QUEUED, items=1)

    outcomes = race_in_turn(
        lambda: str(claim(job, 0)), lambda: str(do(for_operators.send_photos_again, job))
    )

    assert names(outcomes) == ["Refused", "[0]"]
    assert attempts(job) == [1]


def test_a_claim_that_comes_after_has_the_photo_once() -> None:
    job = make_job(JobStatus.QUEUED, items=1)

    outcomes = race_in_turn(
        lambda: str(do(for_operators.send_photos_again, job)), lambda: str(claim(job, 0))
    )

    assert names(outcomes) == ["1", "[0]"]
    assert claim(job, 0, worker="gpu-2:20") == []


# --- Failed photos -------------------------------------------------------------------------


def partly_failed(**given: Any) -> JobCoordinator:
    job = make_job(JobStatus.QUEUED, items=3, **given)
    report(job, 0)
    report(job, 1, ItemStatus.FAILED)
    report(job, 2, ItemStatus.FAILED)
    job.refresh_from_db()
    return job


def test_failed_photos_are_tried_again_in_a_job_of_their_own_with_the_same_order() -> None:
    job = partly_failed()
    assert limiter_of(job.user).credits == 9

    again = do(for_operators.retry_failed, job)

    again.refresh_from_db()
    assert (again.status, again.source_job_id) == (JobStatus.QUEUED, job.id)
    assert (again.concepts, again.protect) == (job.concepts, job.protect)
    assert list(again.items.order_by("idx").values_list("source_idx", flat=True)) == [1, 2]
    assert limiter_of(job.user).credits == 7
    act = Act.objects.get(action="job.retried")
    assert (act.object_id, act.details["again"]) == (job.public_id, again.public_id)


def test_what_the_preset_protects_by_itself_is_protected_so_again() -> None:
    job = partly_failed()
    JobCoordinator.objects.filter(pk=job.pk).update(protect=["Wall"], protect_defaulted=True)

    again = do(for_operators.retry_failed, job)

    assert again.protect_defaulted
    assert again.protect != ["Wall"]


def test_nothing_is_tried_again_that_the_user_cannot_pay_for() -> None:
    job = partly_failed()
    UserLimiter.objects.filter(pk=job.user_id).update(credits=1)
    before = all_rows()

    with pytest.raises(CreditsExhausted):
        do(for_operators.retry_failed, job)

    assert all_rows() == before
    assert not Act.objects.exists()


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.DONE, JobStatus.CANCELED])
def test_without_a_failure_there_is_nothing_to_try_again(status: JobStatus) -> None:
    with pytest.raises(Refused):
        do(for_operators.retry_failed, make_job(status))


def test_photos_that_are_gone_are_not_tried_again() -> None:
    job = partly_failed()
    services.delete_job(user_id=job.user_id, job_id=job.id)

    with pytest.raises(SourceGone):
        do(for_operators.retry_failed, job)


def test_two_operators_do_not_try_the_same_photos_again_at_once() -> None:
    job = partly_failed(user=make_user(plan="pro"))
    before = limiter_of(job.user).credits

    outcomes = race(*[lambda: do(for_operators.retry_failed, job)] * 3)

    assert names(outcomes) == ["JobCoordinator", "Refused", "Refused"]
    assert limiter_of(job.user).credits == before - 2


def test_without_the_lock_of_the_job_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    job = partly_failed(user=make_user(plan="pro"))
    before = limiter_of(job.user).credits
    find = JobCoordinator.objects.none().__class__.get_job
    monkeypatch.setattr(JobCoordinator.objects.none().__class__, "lock", find)

    outcomes = race_in_turn(
        lambda: do(for_operators.retry_failed, job), lambda: do(for_operators.retry_failed, job)
    )

    assert names(outcomes) == ["JobCoordinator", "JobCoordinator"]
    assert limiter_of(job.user).credits == before - 4


# --- How long photos are kept --------------------------------------------------------------


@pytest.fixture
def retention(settings: Any) -> timedelta:
    settings.STORAGE_RETENTION = 30 * DAY
    return 30 * DAY


@pytest.mark.usefixtures("retention")
def test_photos_are_kept_for_longer_and_the_client_is_told() -> None:
    job = make_job(JobStatus.DONE)
    known = poll(job)
    end = expires_at(job)
    assert end is not None

    until = do(for_operators.keep_longer, job, days=10)

    assert until == end + 10 * DAY
    again = poll(job, known.headers["ETag"])
    assert again.status == 200
    assert again.data["expires_at"] > known.data["expires_at"]
    assert Act.objects.get(action="job.kept").details["days"] == 10


@pytest.mark.usefixtures("retention")
def test_what_is_kept_longer_is_deleted_when_that_is_over() -> None:
    kept, usual = make_job(JobStatus.DONE), make_job(JobStatus.DONE)
    do(for_operators.keep_longer, kept, days=10)
    for job in (kept, usual):
        age(job, 32 * DAY)

    delete_expired_objects()
    deleted = JobCoordinator.objects.exclude(storage_deleted_at=None)
    assert list(deleted.values_list("pk", flat=True)) == [usual.pk]
    kept.refresh_from_db()
    assert not is_expired(kept)

    JobCoordinator.objects.filter(pk=kept.pk).update(kept_until=Now() - DAY)
    delete_expired_objects()
    assert deleted.count() == 2


def test_where_all_is_kept_for_ever_nothing_is_kept_longer(settings: Any) -> None:
    settings.STORAGE_RETENTION = None

    with pytest.raises(Refused, match="Nothing ends the keeping"):
        do(for_operators.keep_longer, make_job(JobStatus.DONE), days=10)


@pytest.mark.usefixtures("retention")
@pytest.mark.parametrize("status", [JobStatus.RUNNING, JobStatus.CANCELED])
def test_what_is_not_kept_at_all_is_not_kept_longer(status: JobStatus) -> None:
    with pytest.raises(Refused):
        do(for_operators.keep_longer, make_job(status), days=10)


@pytest.mark.usefixtures("retention")
def test_what_is_gone_does_not_come_back() -> None:
    job = make_job(JobStatus.DONE)
    services.delete_job(user_id=job.user_id, job_id=job.id)
    old = make_job(JobStatus.DONE)
    age(old, 31 * DAY)

    for one in (job, old):
        with pytest.raises(Refused, match="deleted, or about to be"):
            do(for_operators.keep_longer, one, days=10)
