"""Packages at the same instant as results, cancels and the sweep, and what would happen without the
lock of the job.
"""

from functools import partial

import pytest
from django.db.models.functions import Now

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobPackage, WebhookDelivery
from jobs.states import JobStatus, PackageStatus
from jobs.tests.factories import callback_body, callback_path, make_job, report_last, worker_api
from jobs.tests.packages import (
    ask,
    claim_package,
    done_job,
    package_body,
    package_of,
    package_path,
    report_package,
)
from jobs.tests.rows import assert_books_balance
from jobs.upkeep.package_sweep import dispatch_due_packages
from jobs.webhooks.endpoints import create_webhook
from s3project.testing.race import names, race, race_in_turn, race_without_locks
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]

COPIES = 8


def send_last(job: JobCoordinator) -> str:
    answer = worker_api().post(callback_path(job), callback_body(job, job.total_items - 1))
    return str(answer.status)


def send_result(job: JobCoordinator, **fields: object) -> str:
    answer = worker_api().post(package_path(job), package_body(job, **fields))
    if answer.status != 200:
        return f"status {answer.status}"
    if answer.data["duplicate"]:
        return "duplicate"
    return "processed" if answer.data["processed"] else "ignored"


def cancel(job: JobCoordinator) -> str:
    services.cancel_job(user_id=job.user_id, job_id=job.id)
    return "canceled"


def delete(job: JobCoordinator) -> str:
    services.delete_job(user_id=job.user_id, job_id=job.id)
    return "deleted"


def told(job: JobCoordinator) -> list[str]:
    rows = WebhookDelivery.objects.filter(job_id=job.id, type__startswith="package")
    return sorted(rows.values_list("type", flat=True))


def test_the_last_result_many_times_over_orders_one_package() -> None:
    job = make_job(JobStatus.RUNNING, output_template="before_after")

    outcomes = race(*[partial(send_last, job)] * COPIES)

    assert outcomes == ["200"] * COPIES
    assert JobPackage.objects.filter(job=job).count() == 1
    assert_books_balance(job.user)


def test_control_without_the_lock_the_second_settlement_fails_and_takes_its_package_with_it() -> (
    None
):
    job = make_job(JobStatus.RUNNING, output_template="before_after")

    outcomes = race_without_locks(*[partial(send_last, job)] * 2)

    assert names(outcomes) == ["200", "500"]
    assert JobPackage.objects.filter(job=job).count() == 1


def test_a_callback_many_times_over_counts_once_and_is_told_once() -> None:
    job = done_job()
    create_webhook(user_id=job.user_id, url="https://example.com/")

    outcomes = names(race(*[partial(send_result, job)] * COPIES))

    assert outcomes == ["duplicate"] * (COPIES - 1) + ["processed"]
    assert told(job) == ["package.ready"]


def test_control_without_the_lock_everybody_is_told_twice() -> None:
    job = done_job()
    create_webhook(user_id=job.user_id, url="https://example.com/")

    outcomes = names(race_without_locks(*[partial(send_result, job)] * 2))

    assert outcomes == ["processed", "processed"]
    assert told(job) == ["package.ready"] * 2


def test_a_package_that_is_asked_for_at_once_is_one() -> None:
    job = done_job(None)

    outcomes = race(*[partial(ask, job)] * COPIES)

    packages = [one for one in outcomes if isinstance(one, JobPackage)]
    assert [package.edition for package in packages] == [1] * COPIES
    assert JobPackage.objects.filter(job=job).count() == 1


def test_control_without_the_lock_the_second_one_who_asks_meets_a_constraint() -> None:
    job = done_job(None)

    outcomes = race_without_locks(*[partial(ask, job)] * 2)

    assert names(["ok" if isinstance(one, JobPackage) else one for one in outcomes]) == [
        "IntegrityError",
        "ok",
    ]


@pytest.mark.parametrize("cancel_first", [True, False])
def test_a_canceled_job_has_no_package_and_a_done_one_has(cancel_first: bool) -> None:
    job = make_job(JobStatus.RUNNING, output_template="before_after")
    pair = [partial(cancel, job), partial(report_last, job)]

    race_in_turn(*(pair if cancel_first else reversed(pair)))

    job.refresh_from_db()
    assert job.status == (JobStatus.CANCELED if cancel_first else JobStatus.DONE)
    assert JobPackage.objects.filter(job=job).count() == (0 if cancel_first else 1)
    assert_books_balance(job.user)


@pytest.mark.parametrize("delete_first", [True, False])
def test_a_deleted_job_keeps_no_package_whoever_comes_first(delete_first: bool) -> None:
    job = done_job()
    claim_package(job)
    pair = [partial(delete, job), partial(send_result, job)]

    outcomes = race_in_turn(*(pair if delete_first else reversed(pair)))

    assert names(outcomes) == ["deleted", "ignored" if delete_first else "processed"]
    assert not JobPackage.objects.exists()


@pytest.mark.parametrize("rescue_first", [True, False])
def test_a_rescue_and_a_late_result_leave_the_package_ready(rescue_first: bool) -> None:
    job = done_job()
    claim_package(job)
    JobPackage.objects.update(
        attempt=3, lease_expires_at=Now(), asked_at=job.created_at.replace(year=2020)
    )
    create_webhook(user_id=job.user_id, url="https://example.com/")
    late = partial(report_package, job, attempt=3)
    pair = [dispatch_due_packages, late]

    race_in_turn(*(pair if rescue_first else reversed(pair)))

    assert package_of(job).status == PackageStatus.READY
    # What was given up came after all, and both were told.
    assert told(job) == ["package.failed"] * rescue_first + ["package.ready"]


def test_two_sweeps_give_up_once() -> None:
    job = done_job(user=make_user(plan="pro"))
    create_webhook(user_id=job.user_id, url="https://example.com/")
    claim_package(job)
    JobPackage.objects.update(
        attempt=3, lease_expires_at=Now(), asked_at=job.created_at.replace(year=2020)
    )

    race(*[dispatch_due_packages] * 4)

    assert package_of(job).status == PackageStatus.FAILED
    assert told(job) == ["package.failed"]
