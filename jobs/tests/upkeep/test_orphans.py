"""`manage.py orphans`: what it finds, what it deletes, and what it leaves."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from jobs import keys
from jobs.gpu.keyed_store import KeyedStore
from jobs.management import turns
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.factories import make_job
from jobs.tests.objects import objects_of, store_input, store_results
from jobs.upkeep.orphans import Reason, find_orphans
from s3project import ids
from s3project.testing.sql import recorded_statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_bucket")]


def store(key: str) -> str:
    KeyedStore().write(key, b"12345", "image/jpeg")
    return key


def found() -> dict[str, Reason]:
    return {orphan.key: orphan.reason for orphan in find_orphans()}


def test_objects_of_jobs_are_no_orphans() -> None:
    for status in (JobStatus.CREATED, JobStatus.DONE, JobStatus.CANCELED):
        job = make_job(status)
        store_input(job, 0)
        store_results(job, 0)

    assert found() == {}
    out = StringIO()
    call_command("orphans", stdout=out, no_color=True)
    assert out.getvalue() == "0 orphans, 0 bytes; 0 deleted.\n"


@pytest.mark.django_db(transaction=True)
def test_what_takes_long_says_how_far_it_is_and_where_it_can_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = make_job(JobStatus.DONE, items=1)
    store_results(job, 0)
    monkeypatch.setattr(turns, "TOLD_SECONDS", -1)
    told, out = StringIO(), StringIO()

    call_command("audit", "--objects", stdout=StringIO(), stderr=told, no_color=True)
    first, *rest = told.getvalue().splitlines()
    far, _, place = first.partition(" of them with something missing; to go on from here: ")
    call_command("audit", *place.split(), stdout=out, stderr=StringIO(), no_color=True)

    assert far == "  … 1 photos of 1 jobs, 0"
    assert rest[-1] == "  … 3 objects looked at for orphans"
    assert "0 photos of 0 jobs" in out.getvalue()


def test_each_orphan_has_its_reason() -> None:
    job, other = make_job(JobStatus.DONE), make_job(JobStatus.DONE)
    nobody = store(keys.output_key(job.user_id, uuid4(), 0))
    swapped = store(keys.input_key(other.user_id, job.id, 0))
    late = store(keys.preview_key(other.user_id, other.id, 1))
    JobCoordinator.objects.filter(pk=other.pk).update(storage_deleted_at=Now())
    by_hand = store(f"masks/{ids.public_id(ids.USER, job.user_id)}/notes.txt")
    store_input(job, 0)

    assert found() == {
        nobody: Reason.NO_JOB,
        swapped: Reason.NO_JOB,
        late: Reason.DELETED,
        by_hand: Reason.FOREIGN,
    }


def test_what_leads_to_a_users_masks_is_an_orphan_once_no_job_keeps_any() -> None:
    keeping, done, gone = make_job(JobStatus.DONE), make_job(JobStatus.DONE), uuid4()
    make_job(JobStatus.DONE, user=keeping.user)
    JobCoordinator.objects.filter(pk__in=[keeping.pk, done.pk]).update(storage_deleted_at=Now())
    healthy = store(keys.by_photo_key(keeping.user_id, "a" * 64))
    late = store(keys.by_photo_key(done.user_id, "b" * 64))
    nobodys = store(keys.by_photo_key(gone, "c" * 64))

    assert found() == {late: Reason.DELETED, nobodys: Reason.DELETED}
    assert healthy in photo_storage().sizes("masks/")


def test_the_command_lists_orphans_and_fails() -> None:
    job = make_job()
    key = store(keys.output_key(job.user_id, uuid4(), 0))
    out = StringIO()

    with pytest.raises(CommandError, match=r"^1 orphans, 5 bytes; 0 deleted\.$"):
        call_command("orphans", stdout=out, no_color=True)

    assert out.getvalue().split() == ["5", key, "no", "such", "job"]
    assert list(found()) == [key]


def test_delete_takes_what_is_ours_and_nothing_else() -> None:
    job = make_job()
    store_input(job, 0)
    store(keys.output_key(job.user_id, uuid4(), 0))
    by_hand = store("inputs/readme.txt")
    elsewhere = store("other/outputs/readme.txt")

    with pytest.raises(CommandError, match=r"^2 orphans, 10 bytes; 1 deleted\.$"):
        call_command("orphans", "--delete", stdout=StringIO(), no_color=True)

    assert list(found()) == [by_hand]
    assert objects_of(job) == {"inputs": 1}
    assert list(photo_storage().sizes("other/")) == [elsewhere]


@pytest.mark.parametrize(
    "key",
    [
        "inputs",
        "inputs/",
        "inputs/u_1/job_1/0.jpg",
        "elsewhere/u_{hex}/job_{hex}/0.jpg",
        "inputs/u_{hex}/job_{hex}",
        "inputs/u_{hex}/job_{hex}/",
        "inputs/job_{hex}/u_{hex}/0.jpg",
    ],
)
def test_what_is_no_key_of_ours_has_no_owner(key: str) -> None:
    assert keys.owner_of(key.format(hex="0" * 32)) is None


def test_every_key_that_is_made_has_its_owner() -> None:
    user_id, job_id = uuid4(), uuid4()
    made = [
        make(user_id, job_id, 7) for make in (keys.input_key, keys.output_key, keys.preview_key)
    ]
    stem = keys.mask_stem(user_id, job_id, 7)
    made += [keys.mask_key(stem, "Wall"), keys.mask_key(stem, "벽/panel"), keys.instances_key(stem)]

    assert [keys.owner_of(key) for key in made] == [(user_id, job_id)] * 6
    assert keys.owner_of(keys.by_photo_key(user_id, "0" * 64)) == (user_id, None)


def test_a_page_of_objects_costs_one_query() -> None:
    job = make_job()
    for idx in range(12):
        store_input(job, idx)

    with recorded_statements() as statements:
        assert found() == {}

    # One page with objects; the three empty folders need none (an empty IN is no query).
    assert len(statements) == 1
