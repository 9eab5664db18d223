"""Packages: when one begins, who may make it, and what a result of it does (contract §3.5)."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from jobs.errors import NothingToPack, PackageNotFound
from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobPackage, PackageEffect
from jobs.states import ItemStatus, JobStatus, PackageStatus
from jobs.tests.factories import make_job, report
from jobs.tests.packages import (
    ask,
    claim_package,
    done_job,
    package_of,
    report_package,
)
from jobs.tests.rows import assert_books_balance
from s3project.errors import ValidationFailed
from users.tests.factories import limiter_of

pytestmark = pytest.mark.django_db


def versions(job: JobCoordinator) -> datetime:
    job.refresh_from_db()
    return job.updated_at


@pytest.mark.parametrize("named", ["전후비교", "before_after"])
def test_the_last_photo_of_a_job_that_names_a_template_orders_its_package(named: str) -> None:
    job = make_job(JobStatus.RUNNING, output_template=named)
    assert not JobPackage.objects.exists()

    report(job, 1)

    package = package_of(job)
    assert (package.status, package.edition, package.options) == (PackageStatus.PENDING, 1, {})
    assert_books_balance(job.user)


@pytest.mark.parametrize("named", [None, "", "전후비표", "product_pack"])
def test_a_name_of_no_template_of_the_preset_orders_nothing(named: str | None) -> None:
    done_job(named)

    assert not JobPackage.objects.exists()


def test_a_job_of_which_nothing_was_done_has_no_package() -> None:
    make_job(JobStatus.FAILED, output_template="all")
    job = make_job(JobStatus.RUNNING, output_template="all")
    services.cancel_job(user_id=job.user_id, job_id=job.id)

    assert not JobPackage.objects.exists()


def test_a_photo_that_failed_keeps_no_package_away() -> None:
    job = make_job(JobStatus.RUNNING, output_template="all")

    report(job, 1, ItemStatus.FAILED)

    assert package_of(job, "all").status == PackageStatus.PENDING


def test_a_package_costs_nothing() -> None:
    job = done_job(None)
    before = limiter_of(job.user).credits

    ask(job)
    report_package(job)

    assert limiter_of(job.user).credits == before
    assert limiter_of(job.user).active_jobs == 0


@pytest.mark.parametrize(
    "status", [s for s in JobStatus if s not in (JobStatus.DONE, JobStatus.CANCELED)]
)
def test_only_a_done_job_has_packages(status: JobStatus) -> None:
    job = make_job(status)

    with pytest.raises(NothingToPack, match=f"is {status}"):
        ask(job)

    assert not JobPackage.objects.exists()


def test_nothing_is_made_of_a_job_that_has_expired(settings: Settings) -> None:
    settings.STORAGE_RETENTION = timedelta(days=30)
    job = done_job(None)
    JobCoordinator.objects.filter(pk=job.pk).update(finished_at=Now() - timedelta(days=31))

    with pytest.raises(NothingToPack, match="has expired"):
        ask(job)


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    job = done_job(None)

    with pytest.raises(ValidationFailed) as refused:
        ask(job, "before_aftr")

    assert refused.value.details is not None
    [message] = refused.value.details["template"]
    assert message == (
        '"before_aftr" is no template of interior. There are three_looks, before_after, '
        "share_card and all. Did you mean before_after?"
    )


def test_what_is_being_made_already_is_not_begun_anew() -> None:
    job = done_job()

    assert ask(job).edition == 1
    assert ask(job, title="Kim").edition == 2
    assert ask(job, title="Kim").edition == 2


def test_options_that_a_template_has_no_use_for_are_left_out() -> None:
    job = done_job(None, preset="seller")

    assert ask(job, "all", colors=["navy"], title="A").options == {"title": "A"}
    assert ask(job, "option_board", colors=["navy"]).options == {"colors": ["navy"]}


@pytest.mark.parametrize("failed", [True, False])
def test_one_that_has_ended_is_made_anew(failed: bool) -> None:
    job = done_job()
    claim_package(job)
    report_package(job, failed=failed)

    package = ask(job)

    assert (package.edition, package.status) == (2, PackageStatus.PENDING)
    assert (package.files, package.bytes, package.error) == (0, 0, "")
    assert (package.attempt, package.claimed_by) == (0, "")


def test_a_worker_has_it_for_a_lease() -> None:
    job = done_job()

    assert claim_package(job, worker="a:1")
    assert not claim_package(job, worker="b:1")
    assert claim_package(job, worker="a:1"), "a renewal"
    JobPackage.objects.update(lease_expires_at=Now())
    assert claim_package(job, worker="b:1")


def test_what_was_sent_again_asked_for_again_or_ended_is_not_to_be_had() -> None:
    job = done_job()
    JobPackage.objects.update(attempt=2)
    assert not claim_package(job, attempt=1)

    report_package(job, attempt=2)
    assert not claim_package(job, attempt=2)

    ask(job)
    assert not claim_package(job, edition=1)
    assert claim_package(job, edition=2)


def test_a_result_ends_it_once() -> None:
    job = done_job()

    assert report_package(job) == PackageEffect(processed=True)
    package = package_of(job)
    assert (package.status, package.files, package.bytes) == (PackageStatus.READY, 3, 12_345)

    assert report_package(job) == PackageEffect(processed=False, duplicate=True)
    assert report_package(job, attempt=2) == PackageEffect(processed=False)
    assert report_package(job, attempt=2, failed=True) == PackageEffect(processed=False)
    assert package_of(job).status == PackageStatus.READY


def test_a_failure_may_become_ready_after_all_and_says_why_until_then() -> None:
    job = done_job()

    assert report_package(job, failed=True).processed
    assert package_of(job).error == "broken"
    assert report_package(job, failed=True).duplicate

    assert report_package(job, attempt=1).processed
    package = package_of(job)
    assert (package.status, package.error) == (PackageStatus.READY, "")


def test_a_failure_of_an_attempt_that_was_given_up_is_ignored() -> None:
    job = done_job()
    JobPackage.objects.update(attempt=2)

    assert report_package(job, attempt=1, failed=True) == PackageEffect(processed=False)
    assert package_of(job).status == PackageStatus.PENDING


def test_nobody_hears_what_is_said_of_an_older_edition() -> None:
    job = done_job()
    ask(job, title="anew")

    assert report_package(job, edition=1) == PackageEffect(processed=False)
    assert report_package(job, edition=2).processed


def test_a_result_after_the_job_was_deleted_changes_nothing() -> None:
    job = done_job()
    services.delete_job(user_id=job.user_id, job_id=job.id)

    assert not JobPackage.objects.exists()
    assert report_package(job) == PackageEffect(processed=False)
    with pytest.raises(PackageNotFound):
        claim_package(job)


def test_the_version_of_the_job_rises_with_every_change() -> None:
    job = done_job(None)
    seen = [versions(job)]
    ask(job)
    seen.append(versions(job))
    report_package(job, failed=True)
    seen.append(versions(job))
    report_package(job)
    seen.append(versions(job))
    ask(job)
    seen.append(versions(job))

    assert all(before < after for before, after in pairwise(seen))


def test_the_version_rises_even_if_the_clock_does_not() -> None:
    job = done_job(None)
    ahead = Now() + timedelta(hours=1)
    JobCoordinator.objects.filter(pk=job.pk).update(updated_at=ahead)
    before = versions(job)

    ask(job)

    assert versions(job) == before + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("edition", "held_ms", "counted"), [(1, 8000, 0), (1, 9500, 1500), (2, 9500, 9500)]
)
def test_time_counts_against_the_users_share_beyond_what_its_photos_may_take(
    edition: int, held_ms: int, counted: int
) -> None:
    job = done_job(items=2)
    if edition == 2:
        ask(job, title="anew")

    report_package(job, edition=edition, held_ms=held_ms)

    job.refresh_from_db()
    assert job.overtime_ms == counted
