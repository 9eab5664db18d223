"""What packages keep in the storage, and when that goes."""

import pytest
from django.db.models.functions import Now

from jobs import keys
from jobs.gpu.keyed_store import KeyedStore
from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobPackage
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.factories import make_job
from jobs.tests.objects import audit_objects, objects_of, store_results
from jobs.tests.packages import ALIAS, ask, done_job, report_package
from jobs.upkeep.archive import archive_jobs
from jobs.upkeep.deletion import (
    CANCELED_SETTLES,
    delete_expired_objects,
    delete_job_objects,
    delete_old_packages,
    delete_outputs,
)
from jobs.upkeep.erasure import erase_users
from jobs.upkeep.orphans import Reason, find_orphans
from s3project.acts.actor import SYSTEM
from users.services import delete_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]


def store_package(job: JobCoordinator, edition: int = 1, template: str = ALIAS) -> list[str]:
    place = (job.user_id, job.id, template, edition)
    made = [keys.package_key(*place), keys.board_key(*place)]
    for key in made:
        KeyedStore().write(key, b"packed", "application/zip")
    return made


def stored(job: JobCoordinator) -> list[str]:
    folder = keys.packages_prefix(job.user_id, job.id)
    return sorted(key.removeprefix(folder) for key in photo_storage().sizes(folder))


def packed_job() -> JobCoordinator:
    """A done job whose package is ready, with all objects."""
    job = done_job()
    for idx in range(job.total_items):
        store_results(job, idx)
    store_package(job)
    report_package(job)
    return job


def test_a_deleted_job_leaves_nothing_of_its_packages() -> None:
    job = packed_job()
    services.delete_job(user_id=job.user_id, job_id=job.id)

    delete_job_objects(job.id)

    assert objects_of(job) == {}
    assert not JobPackage.objects.exists()


def test_what_a_packer_stores_after_the_deletion_goes_with_the_final_one() -> None:
    job = packed_job()
    services.delete_job(user_id=job.user_id, job_id=job.id)
    delete_job_objects(job.id)
    store_package(job)
    JobCoordinator.objects.filter(pk=job.pk).update(deleted_at=Now() - 2 * CANCELED_SETTLES)

    delete_expired_objects()

    assert objects_of(job) == {}


def test_a_canceled_job_keeps_no_package() -> None:
    job = make_job(JobStatus.CANCELED)
    store_package(job)

    delete_outputs(job.id)

    assert stored(job) == []


def test_a_deleted_user_leaves_no_package() -> None:
    job = packed_job()
    delete_user(user_id=job.user_id, actor=SYSTEM)

    erase_users()

    assert objects_of(job) == {}
    assert not JobPackage.objects.exists()


def test_an_archived_job_has_no_package() -> None:
    job = packed_job()
    JobCoordinator.objects.filter(pk=job.pk).update(
        finished_at="2020-01-01T00:00Z", created_at="2020-01-01T00:00Z", storage_deleted_at=Now()
    )

    assert archive_jobs() == 1

    assert not JobPackage.objects.exists()


def test_of_editions_the_present_one_and_the_last_before_it_are_kept() -> None:
    job = done_job()
    for edition in (1, 2, 3):
        store_package(job, edition)
        report_package(job, edition=edition)
        ask(job)  # begins the next one
    store_package(job, 1, "all")
    ask(job, "all")

    assert delete_old_packages(job.id) == 4

    assert stored(job) == [
        *("all-1.jpg", "all-1.zip", "before_after-3.jpg", "before_after-3.zip"),
    ]


def test_packages_are_no_orphans_until_their_job_is_past_its_retention() -> None:
    job = packed_job()
    assert list(find_orphans()) == []

    JobCoordinator.objects.filter(pk=job.pk).update(storage_deleted_at=Now())
    made = set(store_package(job))
    assert {o.key for o in find_orphans() if o.reason == Reason.DELETED} >= made


@pytest.mark.parametrize("which", [0, 1])
def test_a_ready_package_that_is_not_in_the_storage_is_found(which: int) -> None:
    job = packed_job()
    assert audit_objects().missing == []
    gone = store_package(job)[which]

    photo_storage().delete_keys([gone])

    [found] = audit_objects().missing
    assert (found.job, found.missing) == (job.public_id, [gone])


def test_a_package_that_waits_needs_no_object() -> None:
    job = packed_job()
    ask(job)

    assert audit_objects().missing == []
    assert audit_objects().photos == 2
