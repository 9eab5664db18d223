"""The periodic audit: what it keeps, what it logs, what operators see; and the objects."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from jobs import keys
from jobs.models import AuditRun, JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.clock import DAY, HOUR, age
from jobs.tests.factories import make_job
from jobs.tests.objects import audit_objects, store_results
from jobs.watch.audit import OBJECTS, audit_if_due, run_audit
from jobs.watch.audit_objects import audit_all_objects
from users.models import UserLimiter
from users.tests.operators import browser_of, make_operator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_bucket")]


def finished_job(*, stored: bool = True) -> JobCoordinator:
    job = make_job(JobStatus.DONE)
    if stored:
        for idx in range(job.total_items):
            store_results(job, idx)
    return job


def test_a_sound_system_leaves_a_run_without_violations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    finished_job()

    run = run_audit()

    assert AuditRun.objects.get() == run
    assert run.violations == {}
    assert run.rows > 10
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_violation_is_kept_and_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    job = finished_job()
    UserLimiter.objects.filter(pk=job.user_id).update(credits=1)

    run = run_audit()

    name = "credits are the sum of the ledger"
    assert run.violations[name] == {"count": 1, "examples": [job.user.public_id]}
    [record] = [record for record in caplog.records if name in record.getMessage()]
    assert record.levelname == "ERROR"


@pytest.mark.parametrize("key_of", [keys.output_key, keys.preview_key])
def test_a_done_photo_that_is_not_in_the_storage_is_found(key_of: object) -> None:
    assert callable(key_of)
    sound, broken = finished_job(), finished_job()
    key = key_of(broken.user_id, broken.id, 1)
    photo_storage().delete_keys([key])

    found = audit_objects()

    assert (found.jobs, found.photos) == (2, 4)
    assert [(job.job, job.missing) for job in found.missing] == [(broken.public_id, [key])]
    assert run_audit().violations[OBJECTS] == {"count": 1, "examples": [broken.public_id]}
    assert sound.public_id not in str(found.missing)


def test_an_empty_object_is_as_good_as_none(own_bucket: str) -> None:
    job = finished_job()
    key = keys.output_key(job.user_id, job.id, 0)
    photo_storage().client.put_object(Bucket=own_bucket, Key=key, Body=b"")

    assert audit_objects().missing[0].missing == [key]


def test_an_audit_of_the_objects_goes_on_where_it_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = sorted((finished_job() for _ in range(3)), key=lambda job: (job.user_id, job.id))
    photo_storage().delete_keys([keys.output_key(job.user_id, job.id, 0) for job in jobs[::2]])
    monkeypatch.setattr("jobs.watch.audit_objects.JOBS_AT_ONCE", 1)

    parts = list(audit_all_objects())
    rest = audit_objects(after=parts[0].place)

    assert [part.photos for part in parts] == [2, 2, 2]
    assert [found.job for found in audit_objects().missing] == [
        jobs[0].public_id,
        jobs[2].public_id,
    ]
    assert (rest.jobs, [found.job for found in rest.missing]) == (2, [jobs[2].public_id])
    with pytest.raises(CommandError, match="is no place"):
        call_command("audit", "--objects", "--after=job_17", stdout=StringIO())


def test_nothing_is_looked_for_where_nothing_is_served(settings: Settings) -> None:
    expired, deleted, canceled = (finished_job(stored=False) for _ in range(3))
    age(expired, 31 * DAY)
    JobCoordinator.objects.filter(pk=deleted.pk).update(storage_deleted_at=timezone.now())
    JobCoordinator.objects.filter(pk=canceled.pk).update(status=JobStatus.CANCELED)
    make_job(JobStatus.FAILED)

    assert audit_objects().jobs == 0


def test_a_periodic_run_looks_at_what_finished_lately_only() -> None:
    age(finished_job(stored=False), 3 * HOUR)

    assert run_audit().violations == {}
    assert audit_objects().missing


def test_old_runs_are_deleted() -> None:
    old = run_audit()
    AuditRun.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=31))

    assert list(AuditRun.objects.all()) == [old]
    new = run_audit()
    assert list(AuditRun.objects.all()) == [new]


def test_the_command_looks_at_the_objects_when_asked() -> None:
    job = finished_job(stored=False)
    out = StringIO()

    call_command("audit", stdout=out, no_color=True)
    with pytest.raises(CommandError, match=r"^1 violation in 17 checks"):
        call_command("audit", "--objects", stdout=out, no_color=True)

    assert f"✗ {OBJECTS}: 2 photos of 1 jobs" in out.getvalue()
    assert job.public_id in out.getvalue()
    assert "0 orphans" in out.getvalue()


def test_operators_see_the_runs() -> None:
    job = finished_job()
    UserLimiter.objects.filter(pk=job.user_id).update(credits=1)
    run = run_audit()
    admin = browser_of(make_operator(superuser=True))

    listed = admin.get("/admin/jobs/auditrun/").content.decode()
    page = admin.get(f"/admin/jobs/auditrun/{run.pk}/change/").content.decode()

    assert "credits are the sum of the ledger" in listed
    assert job.user.public_id in page


def test_the_clock_may_ask_as_often_as_it_likes(settings: Settings) -> None:
    settings.AUDIT_EVERY = HOUR
    first = audit_if_due()

    assert first is not None, "an installation that has just begun"
    assert audit_if_due() is None
    AuditRun.objects.update(started_at=timezone.now() - HOUR)
    assert audit_if_due() is not None
    settings.AUDIT_EVERY = None
    AuditRun.objects.all().delete()
    assert audit_if_due() is None
