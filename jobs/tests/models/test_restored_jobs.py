"""A database in which archived jobs had no row gets their rows back."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs.models import JobCoordinator, JobItem
from jobs.states import JobStatus
from jobs.storage import bucket
from jobs.tests.factories import make_job
from jobs.watch.audit import run
from jobs.watch.audit_checks import CHECKS
from users.tests.factories import api_of

BEFORE = [("jobs", "0006_keep_job_rows")]

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(target: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(target)


@pytest.fixture
def latest() -> Iterator[list[tuple[str, str]]]:
    """The last migration of every app; the database is there again afterwards."""
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield leaves
    migrate(leaves)


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELED])
def test_an_archived_job_reads_as_before(
    status: JobStatus, latest: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # It takes seconds, and what is signed changes every quarter of an hour.
    moment = bucket.steady_moment()
    monkeypatch.setattr(bucket, "steady_moment", lambda: moment)
    job = make_job(status, items=2)
    shown = api_of(job.user).get(f"/jobs/{job.public_id}").data
    migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_log SET archived_at = now()")
        cursor.execute("DELETE FROM jobs_jobitem")
        cursor.execute("DELETE FROM jobs_jobcoordinator")

    migrate(latest)

    restored = JobCoordinator.objects.get()
    assert restored.archived_at is not None
    assert (restored.concepts, restored.protect) == (job.concepts, job.protect)
    assert JobItem.objects.count() == 0
    again = api_of(job.user).get(f"/jobs/{job.public_id}").data
    assert {**again, "expired": False, "expires_at": None, "outputs_ready": []} == {
        **shown,
        "expired": False,
        "expires_at": None,
        "outputs_ready": [],
    }
    assert again["expired"] is True
    assert [finding.check.name for finding in map(run, CHECKS) if finding.violations] == []
