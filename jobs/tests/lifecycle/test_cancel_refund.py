"""What a cancel costs: nothing, or with CANCEL_REFUND=unfinished the photos that are done."""

from collections.abc import Iterator
from functools import partial

import pytest
from django.db import transaction
from pytest_django import Settings

from jobs.lifecycle import services
from jobs.models import JobCoordinator, JobLog
from jobs.states import ItemStatus, JobStatus
from jobs.tests.clock import DAY, age
from jobs.tests.factories import make_job, report
from jobs.tests.objects import audit_objects, http_status, objects_of, store_input, store_results
from jobs.tests.rows import assert_books_balance
from jobs.upkeep.deletion import delete_expired_objects, delete_outputs
from jobs.watch.audit import run
from jobs.watch.audit_checks import CHECKS
from s3project.testing.race import names, race, race_in_turn
from users.tests.factories import api_of, ledger_of, limiter_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def charging(settings: Settings) -> None:
    settings.CANCEL_REFUND = "unfinished"


@pytest.fixture
def job() -> Iterator[JobCoordinator]:
    """Of four photos two are done and one failed; all results are in the storage."""
    job = make_job(JobStatus.QUEUED, items=4)
    for idx, status in enumerate((ItemStatus.DONE, ItemStatus.FAILED, ItemStatus.DONE)):
        report(job, idx, status)
    for idx in range(4):
        store_input(job, idx)
        store_results(job, idx)
    yield job
    age(job, 100 * DAY)
    delete_expired_objects()


def canceled(job: JobCoordinator) -> dict[str, object]:
    answer = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")
    assert answer.status == 200, answer.error
    shown: dict[str, object] = api_of(job.user).get(f"/jobs/{job.public_id}").data
    return shown


def violations() -> list[str]:
    with transaction.atomic():
        return [finding.check.name for finding in map(run, CHECKS) if finding.violations]


def test_by_default_everything_comes_back_and_nothing_is_served(job: JobCoordinator) -> None:
    shown = canceled(job)
    delete_outputs(job.id)

    assert ledger_of(job.user)[-1][:3] == ("rollback", 4, 10)
    assert shown["credits"] == {"reserved": 4, "refunded": 4, "charged": 0}
    assert shown["outputs_ready"] == []
    assert objects_of(job) == {"inputs": 4}
    assert violations() == []


def test_what_was_finished_is_charged_and_stays(charging: None, job: JobCoordinator) -> None:
    shown = canceled(job)
    delete_outputs(job.id)

    assert ledger_of(job.user)[-1][:3] == ("commit", 2, 8)
    assert shown["credits"] == {"reserved": 4, "refunded": 2, "charged": 2}
    outputs = shown["outputs_ready"]
    assert isinstance(outputs, list)
    assert [output["idx"] for output in outputs] == [0, 2]
    assert [http_status(output["result_url"]) for output in outputs] == [200, 200]
    assert {kind: objects_of(job)[kind] for kind in ("inputs", "outputs", "previews")} == {
        "inputs": 4,
        "outputs": 2,
        "previews": 2,
    }
    assert violations() == []
    assert audit_objects().missing == []


def test_what_was_charged_is_kept_as_long_as_any_result(
    charging: None, job: JobCoordinator
) -> None:
    canceled(job)

    age(job, 29 * DAY)
    assert delete_expired_objects().jobs == 0
    age(job, 2 * DAY)
    assert api_of(job.user).get(f"/jobs/{job.public_id}").data["expired"] is True
    assert delete_expired_objects().jobs == 1
    assert objects_of(job) == {}


@pytest.mark.parametrize("policy", ["full", "unfinished"])
def test_unreported_photos_of_a_canceled_job_read_canceled(
    policy: str, settings: Settings, job: JobCoordinator
) -> None:
    settings.CANCEL_REFUND = policy

    items = canceled(job)["items"]

    assert isinstance(items, list)
    assert [item["status"] for item in items] == ["done", "failed", "done", "canceled"]


def test_a_job_without_a_finished_photo_costs_nothing(charging: None) -> None:
    job = make_job(JobStatus.QUEUED, items=2)
    report(job, 0, ItemStatus.FAILED)

    assert canceled(job)["credits"] == {"reserved": 2, "refunded": 2, "charged": 0}
    assert ledger_of(job.user)[-1][:3] == ("rollback", 2, 10)


def test_a_failed_job_is_only_renamed(charging: None) -> None:
    job = make_job(JobStatus.FAILED, items=2)
    before = ledger_of(job.user)

    assert canceled(job)["credits"] == {"reserved": 2, "refunded": 2, "charged": 0}
    assert ledger_of(job.user) == before


def test_an_unfinished_job_says_only_what_it_reserved() -> None:
    job = make_job(JobStatus.RUNNING, items=3)

    shown = api_of(job.user).get(f"/jobs/{job.public_id}").data

    assert shown["credits"] == {"reserved": 3, "refunded": None, "charged": None}


@pytest.mark.parametrize("policy", ["full", "unfinished"])
def test_a_cancel_that_crosses_results_charges_what_it_shows(
    policy: str, settings: Settings
) -> None:
    settings.CANCEL_REFUND = policy
    seen = set()
    for turn in range(15):
        job = make_job(JobStatus.RUNNING, items=3)

        def cancel(job: JobCoordinator = job) -> str:
            _, settlement = services.cancel_job(user_id=job.user_id, job_id=job.id)
            return f"{settlement.refunded} back"

        results = [partial(report, job, idx) for idx in (1, 2)]
        # Once the cancel is first for certain; else in the order that chance gives them.
        outcomes = race(cancel, *results) if turn else race_in_turn(cancel, results[0])

        job.refresh_from_db()
        charged = job.charged_items
        seen.add((job.status, charged))
        assert charged == (job.done_items if policy == "unfinished" else charged)
        assert limiter_of(job.user).credits == 10 - (charged or 0)
        if job.status == JobStatus.CANCELED:
            assert f"{3 - (charged or 0)} back" in names(outcomes[:1])
            assert JobLog.objects.get(job_id=job.id).status == "canceled"
        assert_books_balance(job.user)
    assert violations() == []
    assert seen <= {("done", 3)} | {
        ("canceled", number) for number in ((0,) if policy == "full" else (1, 2))
    }
    assert any(status == JobStatus.CANCELED for status, _ in seen)
